"""Where containers see volumes: mounts and block devices (upstream: ``ValidateVolumeMounts``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import paths
from k8s_tutor.sim.resources.shared.check import At

PROPAGATION = ("Bidirectional", "HostToContainer", "None")
RECURSIVE = ("Disabled", "Enabled", "IfPossible")


def check_mounts(v: At, volumes: dict[str, Json]) -> None:
    """Check a container's mounts and devices against the pod's volumes."""
    mounts, devices = v.get("volumeMounts") or (), v.get("volumeDevices") or ()
    if mounts:
        _check_mounts(v, volumes, {item.get("name"): item.get("devicePath") for item in devices})
    if devices:
        _check_devices(v, volumes, {item.get("name"): item.get("mountPath") for item in mounts})


def _check_mounts(v: At, volumes: dict[str, Json], devices: dict[Any, Any]) -> None:
    seen: set[str] = set()
    base = v.at("volumeMounts")
    for item in base.items():
        name, path = item.text("name"), item.text("mountPath")
        item.need("name")
        if name not in volumes:
            item.not_found("name", name)
        item.need("mountPath")
        if path in seen:
            item.invalid_text("mountPath", "must be unique")
        seen.add(path)
        if name in devices:
            item.invalid("name", "must not already exist in volumeDevices", name)
        if path in devices.values():
            item.invalid("mountPath", "must not already exist as a path in volumeDevices", path)
        _check_sub_paths(base, item)
        _check_propagation(v, base, item)
        _check_recursive(At(base.errors, f"{base.path}.recursiveReadOnly", item.get("recursiveReadOnly")), item)


def _check_sub_paths(base: At, item: At) -> None:
    # Upstream's errors name the list here, not the mount.
    plain, expression = item.text("subPath"), item.text("subPathExpr")
    if plain:
        paths.descending(At(base.errors, f"{base.path}.subPath", plain), plain)
    if expression:
        if plain:
            item.invalid("subPathExpr", "subPathExpr and subPath are mutually exclusive")
        paths.descending(At(base.errors, f"{base.path}.subPathExpr", expression), expression)


def _check_propagation(v: At, base: At, item: At) -> None:
    mode = item.get("mountPropagation")
    if mode is None:
        return
    at = At(base.errors, f"{base.path}.mountPropagation", mode)
    if mode not in PROPAGATION:
        at.unsupported("", PROPAGATION)
    if mode == "Bidirectional" and not (v.get("securityContext") or {}).get("privileged"):
        at.forbidden("", "Bidirectional mount propagation is available only to privileged containers")


def _check_recursive(at: At, item: At) -> None:
    mode = item.get("recursiveReadOnly")
    if mode is None or mode == "Disabled":
        return
    if mode not in RECURSIVE:
        at.unsupported("", RECURSIVE, mode)
        return
    if not item.get("readOnly"):
        at.forbidden("", "may only be specified when readOnly is true")
    if item.get("mountPropagation") not in (None, "None"):
        at.forbidden("", "may only be specified when mountPropagation is None or not specified")


def _check_devices(v: At, volumes: dict[str, Json], mounts: dict[Any, Any]) -> None:
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    for item in v.each("volumeDevices"):
        name, path = item.text("name"), item.text("devicePath")
        volume = volumes.get(name)
        item.need("name")
        if name in seen_names:
            item.invalid("name", "must be unique", name)
        if volume is None:
            item.not_found("name", name)
        elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
            item.invalid(
                "name", "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode", name
            )
        item.need("devicePath")
        if path in seen_paths:
            item.invalid("devicePath", "must be unique", path)
        if path and paths.has_backsteps(path):
            item.invalid("devicePath", "can not contain backsteps ('..')", path)
        else:
            seen_paths.add(path)
        if name in mounts:
            item.invalid("name", "must not already exist in volumeMounts", name)
        if path in mounts.values():
            item.invalid("devicePath", "must not already exist as a path in volumeMounts", path)
        if name:
            seen_names.add(name)
