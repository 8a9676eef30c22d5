"""``create rolebinding``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, SUBJECT_FLAGS, Generator, api, subjects

RBAC = "rbac.authorization.k8s.io"


class RoleBinding(Generator):
    """Makes a RoleBinding."""

    name = "rolebinding"
    usage = "create rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [options]"
    short = "Create a role binding for a particular role or cluster role"
    resource = api(RBAC, "v1", "rolebindings", "RoleBinding")
    failure = "failed to create rolebinding: "
    flags = (
        Flag("clusterrole", help="cluster role to bind"),
        Flag("role", help="role to bind"),
        *SUBJECT_FLAGS,
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if bool(call.flag("clusterrole")) == bool(call.flag("role")):
            raise CommandError("exactly one of clusterrole or role must be specified")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        kind = "Role" if call.flag("role") else "ClusterRole"
        reference = {"apiGroup": RBAC, "kind": kind, "name": call.flag("role") or call.flag("clusterrole")}
        body: dict[str, Any] = {"metadata": {"name": name}, "roleRef": reference}
        if found := subjects(call):
            body["subjects"] = found
        return body


GENERATOR = RoleBinding
