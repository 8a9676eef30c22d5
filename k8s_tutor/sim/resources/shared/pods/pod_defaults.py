"""Defaults of pod specs, of pods and of templates alike (upstream: ``core/v1/defaults.go``)."""

import re
from functools import lru_cache

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.pods import probes
from k8s_tutor.sim.resources.shared.storage.claims import default_claim_spec

_MODED = ("secret", "configMap", "downwardAPI", "projected")
_VOLUME_DEFAULTS: dict[str, Json] = {
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
}
_MODE = 0o644

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_MAX_NAME = 255
# The grammar of image references; what does not fit is nobody's latest.
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
    r"(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


@lru_cache(maxsize=1024)
def latest(image: str) -> bool:
    """Tell whether an image is taken by the tag ``latest`` (also by having no tag)."""
    match = _REFERENCE.fullmatch(image)
    return (
        match is not None
        and len(match["name"]) <= _MAX_NAME
        and not match["digest"]
        and match["tag"] in (None, "latest")
    )


def pull_policy(image: str) -> str:
    """Return the default pull policy of an image."""
    return "Always" if latest(image) else "IfNotPresent"


def round_milli(amounts: Json | None) -> None:
    """Round quantities up to thousandths, the finest the API keeps."""
    for name, text in (amounts or {}).items():
        if isinstance(text, str) and text[-1:] in ("n", "u"):
            try:
                quantity = Quantity.parse(text)
            except QuantityError:
                continue
            amounts[name] = str(Quantity(quantity.milli() * 10**6, quantity.format))  # type: ignore[index]


def _default_env(container: Json) -> None:
    for item in container.get("env") or ():
        source = item.get("valueFrom")
        if source:
            if source.get("fieldRef") is not None and not source["fieldRef"].get("apiVersion"):
                source["fieldRef"]["apiVersion"] = "v1"
            if source.get("fileKeyRef") is not None and source["fileKeyRef"].get("optional") is None:
                source["fileKeyRef"]["optional"] = False


def default_container(container: Json) -> None:
    """Fill the defaults of a container."""
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    _default_env(container)
    resources = container.get("resources")
    if resources:
        round_milli(resources.get("limits"))
        round_milli(resources.get("requests"))
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(kind) is not None:
            probes.default_probe(container[kind])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            probes.default_handler(hook)


_NOT_SOURCES = ("name",)


def default_volume_source(kind: str, source: Json) -> None:
    """Fill the defaults of one volume source, of a pod or a PersistentVolume."""
    if kind == "hostPath":
        if source.get("type") is None:
            source["type"] = ""
        return
    for name, value in _VOLUME_DEFAULTS.get(kind, {}).items():
        if source.get(name) is None or source.get(name) == "":
            source[name] = value


def _default_downward(items: list[Json] | None) -> None:
    for item in items or ():
        reference = item.get("fieldRef")
        if reference is not None and not reference.get("apiVersion"):
            reference["apiVersion"] = "v1"


def default_volume(volume: Json) -> None:
    """Fill the defaults of a pod's volume."""
    kinds = [kind for kind, source in volume.items() if kind not in _NOT_SOURCES and source is not None]
    if not kinds:
        volume["emptyDir"] = {}
        return
    for kind in kinds:
        source = volume[kind]
        if not isinstance(source, dict):
            continue
        if kind in _MODED:
            if source.get("defaultMode") is None:
                source["defaultMode"] = _MODE
            _default_downward(source.get("items") if kind == "downwardAPI" else None)
            for projection in source.get("sources") or () if kind == "projected" else ():
                token = projection.get("serviceAccountToken")
                if token is not None and token.get("expirationSeconds") is None:
                    token["expirationSeconds"] = 3600
                _default_downward((projection.get("downwardAPI") or {}).get("items"))
        elif kind == "image":
            source["pullPolicy"] = source.get("pullPolicy") or pull_policy(source.get("reference") or "")
        elif kind == "ephemeral":
            template = source.get("volumeClaimTemplate")
            if template is not None:
                default_claim_spec(template.setdefault("spec", {}))
        else:
            default_volume_source(kind, source)


def default_pod_spec(spec: Json) -> None:
    """Fill the defaults of a pod's spec, in a pod or a template."""
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    elif "serviceAccount" in spec:
        spec.pop("serviceAccount")
    for name, value in (
        ("dnsPolicy", "ClusterFirst"),
        ("restartPolicy", "Always"),
        ("schedulerName", "default-scheduler"),
    ):
        if not spec.get(name):
            spec[name] = value
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            default_container(container)
    round_milli(spec.get("overhead"))
    resources = spec.get("resources")
    if resources:
        round_milli(resources.get("limits"))
        round_milli(resources.get("requests"))


def _default_host_ports(spec: Json) -> None:
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            for port in container.get("ports") or ():
                if not port.get("hostPort") and port.get("containerPort"):
                    port["hostPort"] = port["containerPort"]


def default_template(template: Json) -> None:
    """Fill the defaults of a pod template."""
    default_pod_spec(template.setdefault("spec", {}))


def default_pod(pod: Json) -> None:
    """Fill the defaults of a pod: those of its spec, and what templates do not get."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        spec["terminationGracePeriodSeconds"] = 1
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            resources = container.get("resources") or {}
            limits = resources.get("limits")
            if limits is not None:
                resources["requests"] = {**limits, **(resources.get("requests") or {})}
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    if spec.get("hostNetwork"):
        _default_host_ports(spec)
