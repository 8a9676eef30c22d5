"""What expressions of admission may name, with its types.

Mirrors ``apiserver/pkg/admission/plugin/cel`` (``BuildRequestType``, ``BuildNamespaceType``) and the authorizer of
``pkg/cel/library``. Objects and parameters may be anything; a policy's variables have the types of their expressions.
"""

from collections.abc import Mapping
from typing import Final

from k8s_tutor.apimachinery.cel import Scope
from k8s_tutor.apimachinery.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, struct

AUTHORIZER: Final = struct("kubernetes.authorization.Authorizer")
_KIND, _RESOURCE = struct("kubernetes.GroupVersionKind"), struct("kubernetes.GroupVersionResource")
_USER = struct("kubernetes.UserInfo")
_VARIABLES: Final = "kubernetes.variables"
_METADATA = struct("kubernetes.NamespaceMetadata")
_SPEC, _STATUS = struct("kubernetes.NamespaceSpec"), struct("kubernetes.NamespaceStatus")
_CONDITION = struct("kubernetes.NamespaceCondition")
_TEXTS, _LABELS = list_of(STRING), map_of(STRING, STRING)

STRUCTS: Final[Mapping[str, Mapping[str, Type]]] = {
    "kubernetes.AdmissionRequest": {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
    _KIND.name: {"group": STRING, "version": STRING, "kind": STRING},
    _RESOURCE.name: {"group": STRING, "version": STRING, "resource": STRING},
    _USER.name: {"username": STRING, "uid": STRING, "groups": _TEXTS, "extra": map_of(STRING, _TEXTS)},
    "kubernetes.Namespace": {"metadata": _METADATA, "spec": _SPEC, "status": _STATUS},
    _METADATA.name: {
        "name": STRING,
        "generateName": STRING,
        "namespace": STRING,
        "labels": _LABELS,
        "annotations": _LABELS,
        "UID": STRING,
        "creationTimestamp": TIMESTAMP,
        "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP,
        "generation": INT,
        "resourceVersion": STRING,
        "finalizers": _TEXTS,
    },
    _SPEC.name: {"finalizers": _TEXTS},
    _STATUS.name: {"conditions": list_of(_CONDITION), "phase": STRING},
    _CONDITION.name: {
        "status": STRING,
        "type": STRING,
        "lastTransitionTime": TIMESTAMP,
        "message": STRING,
        "reason": STRING,
    },
}


def scope(
    *, params: bool, authorizer: bool, variables: Mapping[str, Type] | None, objects: Type = DYN,
    structs: Mapping[str, Mapping[str, Type]] | None = None,
) -> Scope:  # fmt: skip
    """Return the scope of an expression.

    Args:
        params: whether it may use ``params``.
        authorizer: whether it may use ``authorizer``.
        variables: the types of what it finds in ``variables``; None where there is no such thing.
        objects: the type of ``object`` and ``oldObject``.
        structs: the objects within that type.
    """
    names = {
        "object": objects,
        "oldObject": objects,
        "request": struct("kubernetes.AdmissionRequest"),
        "namespaceObject": struct("kubernetes.Namespace"),
    }
    found = {**STRUCTS, **(structs or {})}
    if params:
        names["params"] = DYN
    if authorizer:
        names["authorizer"] = AUTHORIZER
        names["authorizer.requestResource"] = struct("kubernetes.authorization.ResourceCheck")
    if variables is not None:
        names["variables"] = struct(_VARIABLES)
        found[_VARIABLES] = dict(variables)
    return Scope(names, found)
