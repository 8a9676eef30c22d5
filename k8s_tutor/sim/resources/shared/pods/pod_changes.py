"""What may change of a pod: by update, by resize, by ephemeral containers (upstream: ``ValidatePodUpdate`` and kin)."""

from collections.abc import Callable

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.differences import difference
from k8s_tutor.sim.resources.shared.gotext import quote
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.pods.containers import check_image_spaces
from k8s_tutor.sim.resources.shared.pods.pod_annotations import APP_ARMOR, MIRROR, check_pod_annotations
from k8s_tutor.sim.resources.shared.pods.pod_resources import default_pod_level
from k8s_tutor.sim.resources.shared.pods.scheduling_terms import check_tolerations

_CONTAINERS = ("containers", "initContainers")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_MAX_INT32 = 2**31 - 1
_UPDATABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` "
    "(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)


def _reset(new: Json, old: Json) -> None:
    """A subresource changes neither metadata nor status."""
    for name in ("labels", "annotations", "finalizers", "ownerReferences"):
        new["metadata"].pop(name, None)
        if old["metadata"].get(name):
            new["metadata"][name] = clone(old["metadata"][name])
    new["status"] = clone(old.get("status") or {})


def keep_ephemeral_only(new: Json, old: Json) -> None:
    """Undo all changes but those of ephemeral containers."""
    added = new["spec"].get("ephemeralContainers")
    new["spec"] = clone(old["spec"])
    new["spec"].pop("ephemeralContainers", None)
    if added:
        new["spec"]["ephemeralContainers"] = added
    _reset(new, old)


def keep_resources_only(new: Json, old: Json) -> None:
    """Undo all changes but those of resources; validation refuses other containers than before."""
    spec, before = new["spec"], old["spec"]
    if any(len(spec.get(field) or ()) != len(before.get(field) or ()) for field in _CONTAINERS):
        return
    kept = clone(before)
    for field in _CONTAINERS:
        if spec.get(field):
            kept[field] = _with_resources(spec[field], kept[field])
    resources = spec.get("resources")
    if resources is not None:
        kept["resources"] = resources
        default_pod_level(kept)
    new["spec"] = kept
    _reset(new, old)


def _with_resources(new: list[Json], old: list[Json]) -> list[Json]:
    if [item.get("name") for item in new] != [item.get("name") for item in old]:
        return new
    for item, container in zip(new, old, strict=True):
        for name in ("resources", "resizePolicy"):
            container.pop(name, None)
            if item.get(name) is not None:
                container[name] = item[name]
    return old


def check_annotations(v: At, old: Json) -> None:
    """Check a change of annotations that mean something."""
    at = v.at("metadata").at("annotations")
    now, was = at.value or {}, (old["metadata"].get("annotations")) or {}
    for key, value in was.items():
        if now.get(key) != value:
            if key.startswith(APP_ARMOR):
                at.key(key).forbidden("", "may not remove or update AppArmor annotations")
            if key == MIRROR:
                at.key(key).forbidden("", "may not remove or update mirror pod annotation")
    for key in now:
        if key not in was:
            if key.startswith(APP_ARMOR):
                at.key(key).forbidden("", "may not add AppArmor annotations")
            if key == MIRROR:
                at.key(key).forbidden("", "may not add mirror pod annotation")
    check_pod_annotations(at, v.get("spec") or {})


def check_spec_change(spec: At, old: Json) -> None:
    """Check an update of a pod's spec."""
    for field in _CONTAINERS:
        if len(spec.get(field) or ()) != len(old.get(field) or ()):
            spec.forbidden(field, "pod updates may not add or remove containers")
            return
        for container in spec.each(field):
            container.need("image")
            check_image_spaces(container)
    if not _check_deadline(spec, old):
        return
    _check_tolerations(spec, old)
    _check_gates(spec, old)
    if same(spec.value, old):
        return
    munged = _munged(spec.value, old)
    if old.get("schedulingGates"):
        _check_gated(spec, munged, old)
    if not same(munged, old):
        text = difference("core.PodSpec", old, munged)
        spec.forbidden("", f"pod updates may not change fields other than {_UPDATABLE}\n{text}")


def _check_deadline(spec: At, old: Json) -> bool:
    now, was = spec.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if now is None:
        if was is not None:
            spec.invalid("activeDeadlineSeconds", "must not update from a positive integer to nil value")
        return True
    if not 0 <= now <= _MAX_INT32:
        spec.invalid("activeDeadlineSeconds", names.inclusive_range_error(0, _MAX_INT32))
        return False
    if was is not None and was < now:
        spec.invalid("activeDeadlineSeconds", "must be less than or equal to previous value")
        return False
    return True


def _check_tolerations(spec: At, old: Json) -> None:
    present = spec.get("tolerations") or []
    for was in old.get("tolerations") or ():
        kept = {key: value for key, value in was.items() if key != "tolerationSeconds"}
        if not any({k: x for k, x in now.items() if k != "tolerationSeconds"} == kept for now in present):
            spec.forbidden("tolerations", "existing toleration can not be modified except its tolerationSeconds")
            return
    check_tolerations(spec.at("tolerations"))


def _check_gates(spec: At, old: Json) -> None:
    known = {gate.get("name") for gate in old.get("schedulingGates") or ()}
    for gate in spec.each("schedulingGates"):
        name = gate.text("name")
        if name not in known:
            gate.forbidden("name", f"only deletion is allowed, but found new scheduling gate '{name}'")


def _munged(new: Json, old: Json) -> Json:
    """Return the new spec with all that may change put back."""
    munged: Json = clone(new)
    for field in _CONTAINERS:
        for container, was in zip(munged.get(field) or (), old.get(field) or (), strict=True):
            container["image"] = was.get("image")
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        if old.get(field) is not None:
            munged[field] = old[field]
        else:
            munged.pop(field, None)
    grace = old.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0 and munged.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = grace
    return munged


def _check_gated(spec: At, munged: Json, old: Json) -> None:
    """A pod that waits for gates may have its choice of nodes narrowed."""
    now, was = munged.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if now != was:
        if any(now.get(key) != value for key, value in was.items()):
            detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            spec.invalid("nodeSelector", detail, munged.get("nodeSelector"))
        munged["nodeSelector"] = old.get("nodeSelector")
    new_node = (munged.get("affinity") or {}).get("nodeAffinity")
    old_node = (old.get("affinity") or {}).get("nodeAffinity")
    if same(new_node, old_node):
        return
    _check_node_affinity(spec, new_node or {}, old_node or {})
    affinity = {key: value for key, value in (munged.get("affinity") or {}).items() if key != "nodeAffinity"}
    if old_node is not None:
        affinity["nodeAffinity"] = old_node
    munged["affinity"] = affinity or None


def _check_node_affinity(spec: At, new: Json, old: Json) -> None:
    was = (old.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    now = (new.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    if not was:
        return
    at = spec.at("affinity").at("nodeAffinity").at(_REQUIRED)
    if len(was) != len(now):
        detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        at.invalid("nodeSelectorTerms", detail, [internal("core.NodeSelectorTerm", item) for item in now])
        return
    for number, (before, after) in enumerate(zip(was, now, strict=True)):
        grown = all(
            same((after.get(field) or [])[: len(before.get(field) or [])], before.get(field) or [])
            for field in ("matchExpressions", "matchFields")
        )
        if not grown or (not any(before.values()) and any(after.values())):
            place = at.at("nodeSelectorTerms").index(number)
            place.invalid(
                "", "only additions are allowed (no mutations or deletions)", internal("core.NodeSelectorTerm", after)
            )


# -- ephemeral containers


def check_ephemeral_change(v: At, old: Json) -> list[FieldError]:
    """Check a change of ephemeral containers: they are only added."""
    if MIRROR in (old["metadata"].get("annotations") or {}):
        return [FieldError("FieldValueForbidden", "", "Forbidden: static pods do not support ephemeral containers")]
    spec = v.at("spec")
    now = {item.get("name"): item for item in spec.get("ephemeralContainers") or ()}
    for was in old["spec"].get("ephemeralContainers") or ():
        name = quote(was.get("name") or "")
        item = now.get(was.get("name"))
        if item is None:
            spec.forbidden("ephemeralContainers", f"existing ephemeral containers {name} may not be removed\n")
        elif not same(item, was):
            text = difference("core.EphemeralContainer", was, item)
            detail = f"existing ephemeral containers {name} may not be changed\n{text}"
            spec.forbidden("ephemeralContainers", detail)
    return v.errors


# -- resize


def _removed(new: Json | None, old: Json | None, side: str) -> bool:
    return bool(set((old or {}).get(side) or ()) - set((new or {}).get(side) or ()))


def _restore(new: Json | None, old: Json | None) -> Json:
    """Return resources with cpu and memory as they were."""
    out = dict(new or {})
    for side in ("limits", "requests"):
        amounts = {k: x for k, x in (out.get(side) or {}).items() if k not in ("cpu", "memory")}
        amounts |= {k: x for k, x in ((old or {}).get(side) or {}).items() if k in ("cpu", "memory")}
        out[side] = amounts
    return {side: amounts for side, amounts in out.items() if amounts}


def check_resize(v: At, old: Json, qos: Callable[[Json], str]) -> list[FieldError]:
    """Check a resize: only cpu and memory change, nothing goes away, the class of service stays."""
    if MIRROR in (old["metadata"].get("annotations") or {}):
        return [FieldError("FieldValueForbidden", "", "Forbidden: static pods cannot be resized")]
    if (old["spec"].get("os") or {}).get("name") == "windows":
        return [FieldError("FieldValueForbidden", "", "Forbidden: windows pods cannot be resized")]
    spec, before = v.at("spec"), old["spec"]
    status = old.get("status") or {}
    if (status.get("qosClass") or qos(before)) != qos(spec.value):
        detail = "Pod QOS Class may not change as a result of resizing"
        spec.invalid("", detail, (v.get("status") or {}).get("qosClass") or "")
    running = next((s for s in status.get("containerStatuses") or () if (s.get("state") or {}).get("running")), None)
    if running is not None and running.get("resources") is None:
        spec.forbidden("", "Pod running on node without support for resize")
    copy: Json = clone(spec.value)
    _check_pod_level(spec, copy, before)
    if not _same_containers(spec, before):
        return v.errors
    for field in ("initContainers", "containers"):
        _check_removed(spec, before, field)
    for field in _CONTAINERS:
        _check_only_resources(spec, copy, before, field)
    if not same(spec.get("volumes"), before.get("volumes")):
        spec.forbidden(
            "volumes",
            "volumes are immutable on resize when InPlacePodVerticalScalingMemoryBackedVolumes feature gate is disabled",
        )
    if not v.errors and not same(copy, before):
        spec.forbidden("", "only cpu and memory resources are mutable")
    return v.errors


def _check_pod_level(spec: At, copy: Json, before: Json) -> None:
    now, was = spec.get("resources"), before.get("resources")
    if not now and not was:
        return
    if was is not None and now is None:
        spec.forbidden("resources", "pod-level resources cannot be removed")
        return
    for side in ("requests", "limits"):
        if _removed(now, was, side):
            spec.at("resources").forbidden(side, f"pod-level resource {side} cannot be removed")
    copy["resources"] = _restore(now, was)
    if not same(copy["resources"], was or {"limits": {}, "requests": {}}):
        spec.forbidden("", "only cpu and memory resources are mutable at pod-level")
    copy["resources"] = was


def _same_containers(spec: At, before: Json) -> bool:
    good = True
    for field in _CONTAINERS:
        now, was = spec.get(field) or (), before.get(field) or ()
        if len(now) != len(was):
            spec.forbidden(field, f"{field} may not be added or removed on resize")
            good = False
            continue
        for container, other in zip(spec.each(field), was, strict=True):
            if container.get("name") != other.get("name"):
                container.forbidden("name", f"{field} may not be renamed or reordered on resize")
                good = False
    return good


def _check_removed(spec: At, before: Json, field: str) -> None:
    for container, was in zip(spec.each(field), before.get(field) or (), strict=True):
        for side, word in (("requests", "requests"), ("limits", "limits")):
            if _removed(container.get("resources"), was.get("resources"), side):
                container.at("resources").forbidden(side, f"resource {word} cannot be removed")


def _check_only_resources(spec: At, copy: Json, before: Json, field: str) -> None:
    for number, (container, was) in enumerate(zip(copy.get(field) or (), before.get(field) or (), strict=True)):
        changed = not same(container, was)
        restored = {**container, "resources": _restore(container.get("resources"), was.get("resources"))}
        if not same(restored, was):
            if field == "containers":
                spec.forbidden("", "only cpu and memory resources are mutable")
            else:
                detail = "only cpu and memory resources for init or sidecar containers are mutable"
                spec.at(field).index(number).forbidden("", detail)
        sidecar = container.get("restartPolicy") == "Always"
        if field == "initContainers" and changed and not sidecar:
            for policy in container.get("resizePolicy") or ():
                if policy.get("restartPolicy") == "RestartContainer":
                    detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
                    spec.at(field).index(number).forbidden("", detail)
        copy[field][number] = was
