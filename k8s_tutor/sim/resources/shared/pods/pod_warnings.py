"""Warnings about pods and templates (upstream: ``api/pod/warnings.go``)."""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.check import join
from k8s_tutor.sim.resources.shared.gotext import quote
from k8s_tutor.sim.resources.shared.network.addresses import ip_warnings
from k8s_tutor.sim.resources.shared.node_labels import deprecated_label, term_warnings
from k8s_tutor.sim.resources.shared.overlaps import overlap_warnings
from k8s_tutor.sim.resources.shared.pods.pod_annotations import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD

_NEGATIVE = "must be >= 0; negative values are invalid and will be treated as 1"
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES = {
    "photonPersistentDisk": ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    "gitRepo": ("gitRepo", "deprecated in v1.11"),
    "scaleIO": ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    "flocker": ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    "storageos": ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    "quobyte": ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    "glusterfs": ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    "cephfs": ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    "rbd": ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
}
_NO_SELECTOR = "a null labelSelector results in matching no pod"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def template_warnings(path: str, template: Json) -> list[str]:
    """Return the warnings about a pod template at a path."""
    return list(_all(path, template.get("spec") or {}, template.get("metadata") or {}, template=True))


def pod_warnings(pod: Json) -> list[str]:
    """Return the warnings about a pod."""
    return list(_all("", pod.get("spec") or {}, pod.get("metadata") or {}, template=False))


def claim_warnings(path: str, spec: Json) -> list[str]:
    """Return the warnings about a PersistentVolumeClaim's spec."""
    amount = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    return _fractional(f"{path}.resources.requests[storage]", amount)


def _fractional(path: str, text: Any) -> list[str]:
    if text is None:
        return []
    amount = quantities.parse(text)
    if amount.milli() % 1000 == 0:
        return []
    return [f"{path}: fractional byte value {quote(str(amount))} is invalid, must be an integer"]


def _all(path: str, spec: Json, meta: Json, *, template: bool) -> Iterator[str]:
    base = join(path, "spec")
    yield from _scheduling(base, spec)
    annotations = meta.get("annotations") or {}
    for key, text in _ANNOTATIONS.items():
        if key in annotations:
            yield f"{join(path, 'metadata.annotations')}[{key}]: {text}"
    yield from _volumes(base, spec)
    yield from _lists(base, spec)
    if SECCOMP_POD in annotations and not (spec.get("securityContext") or {}).get("seccompProfile"):
        yield f"{join(path, 'metadata.annotations')}[{SECCOMP_POD}]: {_use('seccompProfile')}"
    for at, container in _containers(base, spec):
        yield from _container(at, container)
        yield from _profiles(join(path, "metadata.annotations"), container, annotations, spec, template=template)
    yield from _ports(base, spec)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        yield f"{base}.terminationGracePeriodSeconds: {_NEGATIVE}"
    yield from _affinities(base, spec)
    for number, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from ip_warnings(f"{base}.dnsConfig.nameservers[{number}]", server)
    for number, alias in enumerate(spec.get("hostAliases") or ()):
        yield from ip_warnings(f"{base}.hostAliases[{number}].ip", alias.get("ip") or "")


def _use(field: str) -> str:
    return f'non-functional in v1.27+; use the "{field}" field instead'


def _containers(base: str, spec: Json) -> Iterator[tuple[str, Json]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for number, container in enumerate(spec.get(field) or ()):
            yield f"{base}.{field}[{number}]", container


def _scheduling(base: str, spec: Json) -> Iterator[str]:
    for key in spec.get("nodeSelector") or ():
        text = deprecated_label(key)
        if text:
            yield f"{base}.nodeSelector[{key}]: {text}"
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    at = f"{base}.affinity.nodeAffinity"
    for number, term in enumerate((node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from term_warnings(f"{at}.{_REQUIRED}.nodeSelectorTerms[{number}]", term, check_values=False)
    for number, term in enumerate(node.get(_PREFERRED) or ()):
        place = f"{at}.{_PREFERRED}[{number}].preference"
        yield from term_warnings(place, term.get("preference") or {}, check_values=True)
    for number, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        place = f"{base}.topologySpreadConstraints[{number}]"
        key = constraint.get("topologyKey") or ""
        text = deprecated_label(key)
        if text:
            yield f"{place}.topologyKey: {key} is {text}"
        if constraint.get("labelSelector") is None:
            yield f"{place}.labelSelector: {_NO_SELECTOR}"


def _volumes(base: str, spec: Json) -> Iterator[str]:
    for number, volume in enumerate(spec.get("volumes") or ()):
        for field in _VOLUMES.keys() & volume.keys():
            if volume[field] is not None:
                shown, text = _VOLUMES[field]
                yield f"{base}.volumes[{number}].{shown}: {text}"
        claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if claim is not None:
            place = f"{base}.volumes[{number}].ephemeral.volumeClaimTemplate.spec"
            yield from claim_warnings(place, claim.get("spec") or {})
    yield from overlap_warnings(spec.get("volumes") or ())


def _lists(base: str, spec: Json) -> Iterator[str]:
    for field, key, what in (("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")):
        seen: set[str] = set()
        items = spec.get(field) or ()
        for number, item in enumerate(items):
            value = item.get(key) or ""
            if value in seen:
                yield f"{base}.{field}[{number}].{key}: duplicate {what} {quote(value)}"
            seen.add(value)
    for number, item in enumerate(spec.get("imagePullSecrets") or ()):
        if not item.get("name"):
            yield f'{base}.imagePullSecrets[{number}].name: invalid empty name ""'
    for name in ("memory", "ephemeral-storage"):
        yield from _fractional(f"{base}.overhead[{name}]", (spec.get("overhead") or {}).get(name))


def _container(at: str, container: Json) -> Iterator[str]:
    resources = container.get("resources") or {}
    for name in ("memory", "ephemeral-storage"):
        for side in ("limits", "requests"):
            yield from _fractional(f"{at}.resources.{side}[{name}]", (resources.get(side) or {}).get(name))
    seen: set[str] = set()
    for number, item in enumerate(container.get("env") or ()):
        name, value = item.get("name") or "", item.get("value") or ""
        if name in seen:
            reference = f"$({name})"
            if item.get("valueFrom") is not None or value == reference or reference not in value:
                text = f"hides previous definition of {quote(name)}, which may be dropped when using apply"
                yield f"{at}.env[{number}]: {text}"
        seen.add(name)


def _profiles(path: str, container: Json, annotations: Json, spec: Json, *, template: bool) -> Iterator[str]:
    context, name = container.get("securityContext") or {}, container.get("name") or ""
    if SECCOMP_CONTAINER + name in annotations and not context.get("seccompProfile"):
        yield f"{path}[{SECCOMP_CONTAINER}{name}]: {_use('seccompProfile')}"
    annotation = annotations.get(APP_ARMOR + name)
    if template and annotation is not None and not context.get("appArmorProfile"):
        field = (spec.get("securityContext") or {}).get("appArmorProfile")
        if field is None or field != app_armor_field(annotation):
            yield f'{path}[{APP_ARMOR}{name}]: deprecated since v1.30; use the "appArmorProfile" field instead'


def adopt_app_armor(obj: Json) -> Iterator[str]:
    """Give containers the ``appArmorProfile`` of their annotations; yield the warnings (``applyAppArmorVersionSkew``)."""
    spec, annotations = obj["spec"], obj["metadata"].get("annotations") or {}
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for _, container in _containers("", spec):
        key = f"{APP_ARMOR}{container.get('name') or ''}"
        context = container.get("securityContext") or {}
        if key not in annotations or context.get("appArmorProfile") is not None:
            continue
        field = app_armor_field(annotations[key])
        if field is not None and field == (spec.get("securityContext") or {}).get("appArmorProfile"):
            continue
        if field is not None:
            container["securityContext"] = {**context, "appArmorProfile": field}
        yield f'metadata.annotations[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead'


def app_armor_field(annotation: str) -> Json | None:
    """Return the ``appArmorProfile`` that an annotation stands for."""
    if annotation == "unconfined":
        return {"type": "Unconfined"}
    if annotation == "runtime/default":
        return {"type": "RuntimeDefault"}
    if annotation.startswith("localhost/") and annotation != "localhost/":
        return {"type": "Localhost", "localhostProfile": annotation.removeprefix("localhost/")}
    return None


def _ports(base: str, spec: Json) -> Iterator[str]:
    seen: dict[tuple[int, str], list[tuple[str, str, int]]] = {}
    named: dict[str, str] = {}
    late: list[str] = []
    for at, container in _containers(base, spec):
        for number, port in enumerate(container.get("ports") or ()):
            place = f"{at}.ports[{number}]"
            ip, host = port.get("hostIP") or "", port.get("hostPort") or 0
            if ip and not host:
                shown = (
                    f"{{Name:{port.get('name') or ''} HostPort:0 ContainerPort:{port.get('containerPort') or 0} "
                    f"Protocol:{port.get('protocol') or ''} HostIP:{ip}}}"
                )
                yield f"{place}: hostIP set without hostPort: {shown}"
            others = seen.setdefault((port.get("containerPort") or 0, port.get("protocol") or ""), [])
            for other, other_ip, other_host in others:
                if ip == other_ip and host == other_host:
                    yield f"{place}: duplicate port definition with {other}"
                elif not host or not other_host:
                    yield f"{place}: overlapping port definition with {other}"
                elif host == other_host and bool(ip) != bool(other_ip):
                    yield f"{place}: dangerously ambiguous port definition with {other}"
            others.append((place, ip, host))
            name = port.get("name")
            if name and name in named:
                first = named[name]
                text = f"duplicate port name {quote(name)} with {first}, services and probes that select ports by name"
                late.append(f"{place}: {text} will use {first}")
            elif name:
                named[name] = place
    yield from late


def _affinities(base: str, spec: Json) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(kind) or {}
        at = f"{base}.affinity.{kind}"
        for number, term in enumerate(affinity.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{at}.{_REQUIRED}[{number}].labelSelector: {_NO_SELECTOR}"
        for number, item in enumerate(affinity.get(_PREFERRED) or ()):
            if (item.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{at}.{_PREFERRED}[{number}].podAffinityTerm.labelSelector: {_NO_SELECTOR}"
