"""Annotations of pods that mean something (upstream: ``ValidatePodSpecificAnnotations``)."""

import json
from collections.abc import Mapping

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import paths
from k8s_tutor.sim.resources.shared.check import At, join
from k8s_tutor.sim.resources.shared.gotext import quote
from k8s_tutor.sim.resources.shared.pods.scheduling_terms import check_tolerations, deletion_cost_ok
from k8s_tutor.sim.resources.shared.pods.windows import containers

MIRROR = "kubernetes.io/config.mirror"
TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_MISMATCH = "{} type in annotation and field must match"


def check_pod_annotations(v: At, spec: Json) -> None:
    """Check the annotations; the cursor stands at them."""
    annotations = v.value
    if not annotations:
        return
    if MIRROR in annotations and not spec.get("nodeName"):
        v.key(MIRROR).invalid("", "must set spec.nodeName if mirror pod annotation is set", annotations[MIRROR])
    if annotations.get(TOLERATIONS):
        _check_tolerations(v, annotations[TOLERATIONS])
    if DELETION_COST in annotations and not deletion_cost_ok(annotations[DELETION_COST]):
        v.key(DELETION_COST).invalid("", "must be a 32bit integer", annotations[DELETION_COST])
    for key, value in annotations.items():
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            _check_seccomp(At(v.errors, join(v.path, key), value), value)
    for key, value in annotations.items():
        if key.startswith(APP_ARMOR):
            _check_app_armor(v.key(key), key.removeprefix(APP_ARMOR), value, spec)


def _check_tolerations(v: At, text: str) -> None:
    try:
        found = json.loads(text)
    except ValueError as error:
        v.invalid("", str(error), TOLERATIONS)
        return
    check_tolerations(At(v.errors, join(v.path, TOLERATIONS), found))


def _check_seccomp(v: At, profile: str) -> None:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith("localhost/"):
        paths.descending(v, profile.removeprefix("localhost/"))
    else:
        v.invalid("", "must be a valid seccomp profile", profile)


def _check_app_armor(v: At, name: str, profile: str, spec: Json) -> None:
    known = {c.get("name") for f in ("initContainers", "containers", "ephemeralContainers") for c in spec.get(f) or ()}
    if name not in known:
        v.invalid("", "container not found", name)
    if profile not in ("", "runtime/default", "unconfined") and not profile.startswith("localhost/"):
        v.invalid("", f"invalid AppArmor profile name: {quote(profile)}", profile)


def _match(v: At, what: str, annotation: str, field: Json, plain: Mapping[str, tuple[str, ...]]) -> None:
    kind: str = field.get("type") or ""
    if kind in plain:
        if annotation not in plain[kind]:
            v.forbidden("type", _MISMATCH.format(what))
    elif kind == "Localhost":
        if not annotation.startswith("localhost/"):
            v.forbidden("type", _MISMATCH.format(what))
        elif field.get("localhostProfile") != annotation.removeprefix("localhost/"):
            v.forbidden("localhostProfile", f"{what} profile in annotation and field must match")


def check_annotations_match(v: At, annotations: Json) -> None:
    """Check that profiles in annotations say what the fields say; the cursor stands at the pod's spec."""
    if not annotations or not any("security" in key for key in annotations):
        return
    seccomp = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default", "docker/default")}
    armor = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default",)}
    context = v.at("securityContext")
    if context.get("seccompProfile") and SECCOMP_POD in annotations:
        _match(
            context.at("seccompProfile"), "seccomp", annotations[SECCOMP_POD], context.get("seccompProfile"), seccomp
        )
    for container in containers(v):
        own, key = container.at("securityContext"), SECCOMP_CONTAINER + container.text("name")
        if own.get("seccompProfile") and key in annotations:
            _match(own.at("seccompProfile"), "seccomp", annotations[key], own.get("seccompProfile"), seccomp)
    if (v.get("os") or {}).get("name") == "windows":
        return
    for container in containers(v):
        own, key = container.at("securityContext"), APP_ARMOR + container.text("name")
        profile = own.get("appArmorProfile") or context.get("appArmorProfile")
        if profile and key in annotations:
            _match(own.at("appArmorProfile"), "apparmor", annotations[key], profile, armor)
