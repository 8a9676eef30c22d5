"""Fields that stand behind a feature gate which is off in this version: a request's values for them are dropped.

Mirrors the ``dropDisabledFields`` of upstream's strategies: strict decoding knows the fields and managed fields count
them, since both look at the request; what is judged and stored has them no more.  Each type is compiled once into a
closure; types that reach no such field cost nothing.
"""

from collections.abc import Callable
from typing import Any, Final

from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type
from k8s_tutor.apimachinery.unstructured import Json

#: Fields by their struct, without the package's prefix.
OFF: Final[dict[str, tuple[str, ...]]] = {
    "batch.v1.JobSpec": ("scheduling",),
    "core.v1.ClusterTrustBundleProjection": ("user",),
    "core.v1.ConfigMapVolumeSource": ("defaultUser",),
    "core.v1.ContainerStatus": ("stopSignal",),
    "core.v1.DownwardAPIVolumeFile": ("user",),
    "core.v1.DownwardAPIVolumeSource": ("defaultUser",),
    "core.v1.EmptyDirVolumeSource": ("mode",),
    "core.v1.GRPCAction": ("mode",),
    "core.v1.HTTPGetAction": ("protocol",),
    "core.v1.KeyToPath": ("user",),
    "core.v1.Lifecycle": ("stopSignal",),
    "core.v1.NodeSpec": ("configSource", "podPreemptionPolicy"),
    "core.v1.NodeStatus": ("config",),
    "core.v1.PersistentVolumeClaimStatus": ("healthStatus",),
    "core.v1.PodCertificateProjection": ("user",),
    "core.v1.PodSpec": ("evictionResponders", "schedulingGroup"),
    "core.v1.PodStatus": ("nodeAllocatableResourceClaimStatuses", "volumeHealth"),
    "core.v1.ProjectedVolumeSource": ("defaultUser",),
    "core.v1.SecretVolumeSource": ("defaultUser",),
    "core.v1.ServiceAccountTokenProjection": ("user",),
    "core.v1.VolumeMount": ("bindMountOptions",),
    "core.v1.VolumeStatus": ("image",),
    "resource.v1.Device": ("nodeAllocatableResources",),
    "resource.v1.DeviceAttribute": ("bools", "ints", "strings", "versions"),
    "resource.v1.DeviceCounterConsumption": ("compatibilityGroups",),
    "resource.v1.DeviceSubRequest": ("derivedAttributes",),
    "resource.v1.ExactDeviceRequest": ("derivedAttributes",),
    "resource.v1.ResourceSliceSpec": ("partitionTypeAttribute", "skipNodeOperations"),
    "storage.v1.CSINodeStatus": ("storageHealth",),
}

#: Structs that go when nothing else was in them.
HOLLOW: Final = frozenset({"core.v1.Lifecycle"})

_GONE: Final = object()
_PREFIX: Final = "io.k8s.api."

# Of a value, and of the stored one, which has none of them; returns it, or a copy without what is off.
Dropper = Callable[[Any, Any], Any]


def without_disabled(obj: Json, type: Type, old: Json | None = None) -> Json:
    """Return the object without the fields that are off; it is not changed itself.

    Parts that are those of the stored object ``old`` are not looked through.
    """
    drop = _dropper(type)
    result: Json = obj if drop is None else drop(obj, old)
    return result


def _dropper(type: Type) -> Dropper | None:
    """Return what drops the fields of a type, None where it reaches none."""
    if "gates" not in type.plans:
        type.plans["gates"] = None  # a type within itself has what its other fields have
        type.plans["gates"] = _build(type)
    found: Dropper | None = type.plans["gates"]
    return found


def _build(type: Type) -> Dropper | None:
    if type.kind in {LIST, MAP}:
        inner = _dropper(type.elem) if type.elem is not None else None
        return None if inner is None else _list_dropper(inner) if type.kind == LIST else _map_dropper(inner)
    if type.kind != STRUCT:
        return None
    name = type.name.removeprefix(_PREFIX)
    off = OFF.get(name, ())
    inner_droppers = {key: drop for key, field in type.fields.items() if (drop := _dropper(field.type))}
    if not off and not inner_droppers:
        return None
    drop = _struct_dropper(frozenset(off), inner_droppers)
    return _hollow(drop) if name in HOLLOW else drop


def _hollow(drop: Dropper) -> Dropper:
    def emptied(value: Any, old: Any) -> Any:
        found = drop(value, old)
        return found if found or found is value else _GONE

    return emptied


def _list_dropper(inner: Dropper) -> Dropper:
    def drop(items: Any, _: Any) -> Any:
        changed = [inner(item, None) for item in items]
        return items if all(new is item for new, item in zip(changed, items, strict=True)) else changed

    return drop


def _map_dropper(inner: Dropper) -> Dropper:
    def drop(values: Any, _: Any) -> Any:
        changed = {key: inner(value, None) for key, value in values.items()}
        return values if all(changed[key] is value for key, value in values.items()) else changed

    return drop


def _struct_dropper(off: frozenset[str], inner: dict[str, Dropper]) -> Dropper:
    def drop(value: Any, old: Any) -> Any:
        out = value
        for key, item in value.items():
            if key in off:
                if out is value:
                    out = dict(value)
                del out[key]
            elif item and key in inner:
                was = old.get(key) if old else None
                new = item if was is item else inner[key](item, was)
                if new is not item:
                    if out is value:
                        out = dict(value)
                    out[key] = new
                    if new is _GONE:
                        del out[key]
        return out

    return drop
