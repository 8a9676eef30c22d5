"""Validation of ``metadata``, the same for every kind (upstream: ``apimachinery/pkg/api/validation/objectmeta.go``)."""

import json
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.scheme import Resource

MAX_ANNOTATIONS = 256 * 1024
IMMUTABLE = "field is immutable"
ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_STANDARD_FINALIZERS = ("kubernetes", ORPHAN, FOREGROUND)
_FIXED = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
# Kinds that are checked by the rules of apimachinery alone, not by those of the core group.
_ANY_FINALIZER_GROUPS = frozenset(("admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io"))
_ANY_FINALIZER = frozenset(
    (
        ("", "events"),
        ("policy", "poddisruptionbudgets"),
        ("coordination.k8s.io", "leases"),
        ("node.k8s.io", "runtimeclasses"),
    )
)
# Kinds whose updates do not look at what names are made of.
_NAMED_ONCE = frozenset(
    (
        ("", "events"),
        ("", "podtemplates"),
        ("", "replicationcontrollers"),
        ("", "resourcequotas"),
        ("", "services"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("autoscaling", "horizontalpodautoscalers"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
        ("coordination.k8s.io", "leases"),
        ("networking.k8s.io", "networkpolicies"),
        ("scheduling.k8s.io", "priorityclasses"),
    )
)
_OPERATIONS = ("Apply", "Update")


def _invalid(field: str, value: Any, detail: str) -> FieldError:
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return FieldError("FieldValueInvalid", f"metadata.{field}", f"Invalid value: {shown}: {detail}")


def _required(field: str, detail: str = "") -> FieldError:
    return FieldError(
        "FieldValueRequired", f"metadata.{field}", f"Required value: {detail}" if detail else "Required value"
    )


def validate_metadata(resource: Resource, obj: Json) -> list[FieldError]:
    """Return what is wrong with a new object's metadata."""
    meta = obj["metadata"]
    judge = resource.strategy.validate_name
    name, prefix = meta.get("name") or "", meta.get("generateName") or ""
    errors = [_invalid("generateName", prefix, why) for why in judge(prefix, prefix=True)] if prefix else []
    if not name:
        errors.append(_required("name", "name or generateName is required"))
    else:
        errors += [_invalid("name", name, why) for why in judge(name, prefix=False)]
    namespace = meta.get("namespace") or ""
    if resource.namespaced:
        errors += [_invalid("namespace", namespace, why) for why in names.is_dns1123_label(namespace)]
    errors += _validate_common(meta)
    errors += _validate_finalizers(meta)
    errors += _validate_managers(meta)
    return errors + _validate_finalizer_kinds(resource, meta)


def _given(value: Any) -> Any:
    """Return a field's value; an empty text is no value, a zero is one."""
    return None if value == "" else value


def _validate_finalizers(meta: Json) -> list[FieldError]:
    finalizers = meta.get("finalizers") or ()
    errors = [_invalid("finalizers", item, why) for item in finalizers for why in names.is_qualified_name(item)]
    if ORPHAN in finalizers and FOREGROUND in finalizers:
        why = f"finalizer {ORPHAN} and {FOREGROUND} cannot be both set"
        errors.append(_invalid("finalizers", finalizers, why))
    return errors


def _validate_common(meta: Json) -> list[FieldError]:
    errors = []
    for key, value in (meta.get("labels") or {}).items():
        errors += [_invalid("labels", key, why) for why in names.is_qualified_name(key)]
        errors += [_invalid("labels", value, why) for why in names.is_label_value(value)]
    annotations = meta.get("annotations") or {}
    size = 0
    for key, value in annotations.items():
        errors += [_invalid("annotations", key, why) for why in names.is_qualified_name(key.lower())]
        size += len(key.encode()) + len(value.encode())
    if size > MAX_ANNOTATIONS:
        text = f"Too long: may not be more than {MAX_ANNOTATIONS} bytes"
        errors.append(FieldError("FieldValueTooLong", "metadata.annotations", text))
    return errors + _validate_owners(meta)


def _validate_owners(meta: Json) -> list[FieldError]:
    errors: list[FieldError] = []
    owners = meta.get("ownerReferences") or ()
    controller = ""
    for number, owner in enumerate(owners):
        field = f"ownerReferences[{number}]"
        version = owner.get("apiVersion") or ""
        if not version:
            errors.append(_required(f"{field}.apiVersion", "must not be empty"))
        elif version.count("/") > 1 or version.endswith("/"):
            errors.append(_invalid(f"{field}.apiVersion", version, "must be <group>/<version> or <version>"))
        errors += [
            _required(f"{field}.{key}", "must not be empty") for key in ("kind", "name", "uid") if not owner.get(key)
        ]
        if version == "v1" and owner.get("kind") == "Event":
            errors.append(_invalid(field, owner, "/v1, Kind=Event is disallowed from being an owner"))
        if owner.get("controller"):
            this = f"{owner.get('kind') or ''}/{owner.get('name') or ''}"
            if controller:
                why = (
                    'Only one reference can have Controller set to true. Found "true" in references for '
                    f"{controller} and {this}"
                )
                errors.append(_invalid("ownerReferences", owners, why))
            else:
                controller = this
    return errors


def _validate_managers(meta: Json) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, entry in enumerate(meta.get("managedFields") or ()):
        field = f"managedFields[{number}]"
        operation = entry.get("operation") or ""
        if not operation:
            errors.append(_required(f"{field}.operation", "must not be empty"))
        elif operation not in _OPERATIONS:
            text = f'Unsupported value: "{operation}": supported values: "Apply", "Update"'
            errors.append(FieldError("FieldValueNotSupported", f"metadata.{field}.operation", text))
        if entry.get("fieldsType") not in (None, "", "FieldsV1"):
            errors.append(_invalid(f"{field}.fieldsType", entry["fieldsType"], "must be `FieldsV1`"))
    return errors


def _validate_finalizer_kinds(resource: Resource, meta: Json) -> list[FieldError]:
    """Most kinds of Kubernetes itself want known or fully qualified finalizers."""
    key = (resource.group, resource.plural)
    if resource.custom is not None or resource.group in _ANY_FINALIZER_GROUPS or key in _ANY_FINALIZER:
        return []
    why = "name is neither a standard finalizer name nor is it fully qualified"
    return [
        _invalid(f"finalizers[{number}]", finalizer, why)
        for number, finalizer in enumerate(meta.get("finalizers") or ())
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS
    ]


def validate_metadata_update(resource: Resource, new: Json, old: Json) -> list[FieldError]:
    """Return what is wrong with a change of metadata."""
    meta, was = new["metadata"], old["metadata"]
    errors = _validate_finalizers(meta)
    if was.get("deletionTimestamp"):
        extra = sorted(set(meta.get("finalizers") or ()) - set(was.get("finalizers") or ()))
        if extra:
            shown = ", ".join(f'"{name}"' for name in extra)
            text = (
                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
                f"[]string{{{shown}}}"
            )
            errors.append(FieldError("FieldValueForbidden", "metadata.finalizers", text))
    changed = (field for field in _FIXED if _given(meta.get(field)) != _given(was.get(field)))
    errors.extend(_invalid(field, meta.get(field), IMMUTABLE) for field in changed)
    if any(meta.get(key) != was.get(key) for key in ("labels", "annotations", "ownerReferences")):
        errors += _validate_common(meta)
    prefix = meta.get("generateName")
    if prefix and prefix != was.get("generateName") and (resource.group, resource.plural) not in _NAMED_ONCE:
        judge = resource.strategy.validate_name
        errors += [_invalid("generateName", prefix, why) for why in judge(prefix, prefix=True)]
    errors += _validate_managers(meta)
    return errors + _validate_finalizer_kinds(resource, meta)
