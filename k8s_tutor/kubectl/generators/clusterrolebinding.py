"""``create clusterrolebinding``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, SUBJECT_FLAGS, Generator, api, subjects

RBAC = "rbac.authorization.k8s.io"


class ClusterRoleBinding(Generator):
    """Makes a ClusterRoleBinding."""

    name = "clusterrolebinding"
    usage = "create clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [options]"
    short = "Create a cluster role binding for a particular cluster role"
    resource = api(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
    failure = "failed to create clusterrolebinding: "
    required = ("clusterrole",)
    flags = (Flag("clusterrole", help="cluster role to bind"), *SUBJECT_FLAGS, *COMMON)

    def make(self, call: Call, name: str) -> dict[str, Any]:
        reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": call.flag("clusterrole")}
        body: dict[str, Any] = {"metadata": {"name": name}, "roleRef": reference}
        if found := subjects(call):
            body["subjects"] = found
        return body


GENERATOR = ClusterRoleBinding
