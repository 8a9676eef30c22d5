"""rbac: who may do what, asked of the API server itself (SubjectAccessReview)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.objects import ObjectQuery
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.client import NoMatchError
from k8s_tutor.course.model import Check

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_STRINGS = {"type": "array", "items": {"type": "string"}}
_RIGHT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["verb", "resource"],
    "properties": {
        "verb": {"type": "string"},
        "resource": {"type": "string"},
        "group": {"type": "string"},
        "name": {"type": "string"},
        "subresource": {"type": "string"},
        "namespace": {"type": "string"},
    },
}


class Rbac(CheckKind):
    """``who`` has every right of ``can`` and none of ``cannot``."""

    name = "rbac"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["who"],
        "anyOf": [{"required": ["can"]}, {"required": ["cannot"]}],
        "properties": {
            "who": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "user": {"type": "string"},
                    "serviceAccount": {"type": "string"},
                    "namespace": {"type": "string"},
                    "groups": _STRINGS,
                },
            },
            "can": {"type": "array", "items": _RIGHT, "minItems": 1},
            "cannot": {"type": "array", "items": _RIGHT, "minItems": 1},
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._who: Mapping[str, Any] = self.spec["who"]

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        if len({"user", "serviceAccount"} & set(self._who)) == 2:
            yield ("who",), "user and serviceAccount exclude each other"

    def watches(self) -> Sequence[ObjectQuery]:
        rooms = [right.get("namespace", "") for right in (*self.spec.get("can", ()), *self.spec.get("cannot", ()))]
        group = "rbac.authorization.k8s.io/v1"
        local = [
            ObjectQuery(kind, group, namespace=room)
            for kind in ("Role", "RoleBinding")
            for room in dict.fromkeys(rooms)
        ]
        return [*local, ObjectQuery("ClusterRole", group), ObjectQuery("ClusterRoleBinding", group)]

    def evaluate(self, context: CheckContext) -> CheckResult:
        if context.client is None:
            return CheckResult(State.UNGRADABLE, detail="rights are asked of a cluster")
        found = []
        for field, wanted in (("can", True), ("cannot", False)):
            for right in self.spec.get(field, ()):
                allowed, reason = self._ask(context, right)
                if allowed is not wanted:
                    found.append((right, Difference(_spelled(right), "yes" if wanted else "no", reason)))
        user, _ = self._subject(context)
        if not found:
            return CheckResult(State.PASSED, about=user)
        right = found[0][0]
        where = f" -n {right['namespace']}" if "namespace" in right else ""
        return CheckResult(
            State.FAILED,
            about=user,
            differences=tuple(difference for _, difference in found),
            next=f"kubectl auth can-i {right['verb']} {right['resource']}{where} --as={user}",
        )

    def _subject(self, context: CheckContext) -> tuple[str, list[str]]:
        groups = list(self._who.get("groups", ()))
        if "serviceAccount" in self._who:
            place = self._who.get("namespace", context.namespace)
            own = ["system:serviceaccounts", f"system:serviceaccounts:{place}", "system:authenticated"]
            return f"system:serviceaccount:{place}:{self._who['serviceAccount']}", [*own, *groups]
        return str(self._who.get("user", "")), [*groups, "system:authenticated"]

    def _ask(self, context: CheckContext, right: Mapping[str, Any]) -> tuple[bool, str]:
        assert context.client is not None  # noqa: S101 - evaluate looked
        user, groups = self._subject(context)
        resource, group = right["resource"], right.get("group")
        if group is None and resource != "*":
            try:
                group = context.client.discovery.resolve(resource).group
            except NoMatchError:
                group = ""
        attributes = {
            "namespace": right.get("namespace", context.namespace),
            "verb": right["verb"],
            "group": group or "",
            "resource": resource,
            "subresource": right.get("subresource", ""),
            "name": right.get("name", ""),
        }
        spec = {"user": user, "groups": groups, "resourceAttributes": attributes}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        status = context.client.create(_REVIEWS, review).get("status", {})
        answer = "yes" if status.get("allowed") else "no"
        reason = status.get("reason", "")
        return bool(status.get("allowed")), f"{answer} ({reason})" if reason else answer


def _spelled(right: Mapping[str, Any]) -> str:
    name = f"/{right['name']}" if "name" in right else ""
    sub = f"/{right['subresource']}" if "subresource" in right else ""
    place = f" in {right['namespace']}" if "namespace" in right else ""
    return f"{right['verb']} {right['resource']}{sub}{name}{place}"
