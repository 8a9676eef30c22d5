"""Volumes of pods and persistent volumes; each source is a line of what it is and its fields."""

from collections.abc import Callable
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import go_value

_Fields = Callable[[Json], list[tuple[str, Any]]]


def _boolean(value: object) -> str:
    return "true" if value else "false"


#: source → (its sentence, its fields). Sources without code of their own.
_PLAIN: dict[str, tuple[str, _Fields]] = {
    "hostPath": (
        "HostPath (bare host directory volume)",
        lambda one: [("Path", one.get("path", "")), ("HostPathType", one.get("type", "<none>"))],
    ),
    "emptyDir": (
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        lambda one: [("Medium", one.get("medium", "")), ("SizeLimit", one.get("sizeLimit") or "<unset>")],
    ),
    "configMap": (
        "ConfigMap (a volume populated by a ConfigMap)",
        lambda one: [("Name", one.get("name", "")), ("Optional", _boolean(one.get("optional")))],
    ),
    "secret": (
        "Secret (a volume populated by a Secret)",
        lambda one: [("SecretName", one.get("secretName", "")), ("Optional", _boolean(one.get("optional")))],
    ),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        lambda one: [("ClaimName", one.get("claimName", "")), ("ReadOnly", _boolean(one.get("readOnly")))],
    ),
    "nfs": (
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        lambda one: [
            ("Server", one.get("server", "")),
            ("Path", one.get("path", "")),
            ("ReadOnly", _boolean(one.get("readOnly"))),
        ],
    ),
    "local": (
        "LocalVolume (a persistent volume backed by local storage on a node)",
        lambda one: [("Path", one.get("path", ""))],
    ),
    "image": (
        "Image (a container image or OCI artifact)",
        lambda one: [("Reference", one.get("reference", "")), ("PullPolicy", one.get("pullPolicy", ""))],
    ),
}


def write_volumes(view: View, volumes: list[Json] | None, space: str = "") -> None:
    """Add the volumes of a pod or template."""
    if not volumes:
        view.line(0, f"{space}Volumes:\t<none>")
        return
    view.line(0, f"{space}Volumes:")
    for volume in volumes:
        view.line(1, f"{' ' if space else ''}{volume.get('name', '')}:")
        write_source(view, {key: value for key, value in volume.items() if key != "name"})


def write_source(view: View, source: Json) -> None:
    """Add one volume source, of a pod's volume or a persistent volume."""
    kind = next((key for key in source if key in _PLAIN or key in _SPECIAL), "")
    one = source.get(kind) or {}
    if kind in _PLAIN:
        sentence, fields = _PLAIN[kind]
        view.field(2, "Type", sentence)
        for name, value in fields(one):
            view.field(2, name, value)
    elif kind:
        _SPECIAL[kind](view, one)
    else:
        view.line(1, "<unknown>")


def _projected(view: View, one: Json) -> None:
    view.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)")
    for source in one.get("sources") or ():
        if source.get("secret") is not None:
            view.field(2, "SecretName", source["secret"].get("name", ""))
            view.field(2, "Optional", _boolean(source["secret"].get("optional")))
        elif source.get("downwardAPI") is not None:
            view.field(2, "DownwardAPI", "true")
        elif source.get("configMap") is not None:
            view.field(2, "ConfigMapName", source["configMap"].get("name", ""))
            view.field(2, "Optional", _boolean(source["configMap"].get("optional")))
        elif source.get("serviceAccountToken") is not None:
            view.field(2, "TokenExpirationSeconds", source["serviceAccountToken"].get("expirationSeconds", 3600))


def _downward(view: View, one: Json) -> None:
    view.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)")
    view.line(2, "Items:")
    for item in one.get("items") or ():
        if item.get("fieldRef"):
            view.line(3, f"{item['fieldRef'].get('fieldPath', '')} -> {item.get('path', '')}")
        if item.get("resourceFieldRef"):
            view.line(3, f"{item['resourceFieldRef'].get('resource', '')} -> {item.get('path', '')}")


def _csi(view: View, one: Json) -> None:
    view.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)")
    view.field(2, "Driver", one.get("driver", ""))
    view.field(2, "FSType", one.get("fsType", ""))
    if "volumeHandle" in one:
        view.field(2, "VolumeHandle", one["volumeHandle"])
    view.field(2, "ReadOnly", _boolean(one.get("readOnly")))
    view.labels("VolumeAttributes", one.get("volumeAttributes"), level=2)


def _ephemeral(view: View, one: Json) -> None:
    view.field(
        2,
        "Type",
        "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
    )
    template = one.get("volumeClaimTemplate")
    if template:
        write_claim(view, template, full=False, level=2)


_SPECIAL: dict[str, Callable[[View, Json], None]] = {
    "projected": _projected,
    "downwardAPI": _downward,
    "csi": _csi,
    "ephemeral": _ephemeral,
}
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def access_modes(modes: list[str] | None) -> str:
    """Return access modes in their short form, in kubectl's order."""
    given = set(modes or ())
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def storage_class(body: Json) -> str:
    """Return the class of a claim or volume; the old annotation counts first."""
    annotations = body.get("metadata", {}).get("annotations") or {}
    return str(
        annotations.get("volume.beta.kubernetes.io/storage-class") or body.get("spec", {}).get("storageClassName") or ""
    )


def write_claim(view: View, body: Json, *, full: bool, level: int = 0) -> None:
    """Add a claim, or the template of one inside a pod."""
    metadata, spec, status = body.get("metadata") or {}, body.get("spec") or {}, body.get("status") or {}
    if full:
        view.field(level, "Name", metadata.get("name", ""))
        view.field(level, "Namespace", metadata.get("namespace", ""))
    view.field(level, "StorageClass", storage_class(body))
    if full:
        write_phase(view, body)
    view.field(level, "Volume", spec.get("volumeName", ""))
    if level:
        # Nested, the labels' own lines are indented once more than the fields.
        view.labels("Labels", metadata.get("labels"), level=level)
        view.write(level, "")
    else:
        view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    capacity = modes = ""
    if full:
        view.field(level, "Finalizers", go_value(metadata.get("finalizers") or []))
    if spec.get("volumeName"):
        modes = access_modes(status.get("accessModes"))
        capacity = (status.get("capacity") or {}).get("storage", "0")
    view.field(level, "Capacity", capacity)
    view.field(level, "Access Modes", modes)
    if spec.get("volumeMode"):
        view.field(level, "VolumeMode", spec["volumeMode"])
    source = spec.get("dataSource")
    if source:
        view.line(level, "DataSource:")
        if source.get("apiGroup") is not None:
            view.field(level + 1, "APIGroup", source["apiGroup"])
        view.field(level + 1, "Kind", source.get("kind", ""))
        view.field(level + 1, "Name", source.get("name", ""))


def write_phase(view: View, body: Json) -> None:
    """Add the phase, or how long it has been terminating."""
    from k8s_tutor.kubectl.text import age

    deleted = body.get("metadata", {}).get("deletionTimestamp")
    if deleted:
        view.field(0, "Status", f"Terminating (lasts {age(deleted, view.now())})")
    else:
        view.field(0, "Status", (body.get("status") or {}).get("phase", ""))
