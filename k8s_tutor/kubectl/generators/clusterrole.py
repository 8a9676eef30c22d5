"""``create clusterrole``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api
from k8s_tutor.kubectl.generators.role import RULE_FLAGS, resource_rules


class ClusterRole(Generator):
    """Makes a ClusterRole."""

    name = "clusterrole"
    usage = "create clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [options]"
    short = "Create a cluster role"
    resource = api("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
    flags = (
        *RULE_FLAGS,
        Flag("non-resource-url", "list", help="path of the API that is no resource; may repeat"),
        Flag("aggregation-rule", "list", help="labels of the cluster roles to join, as key=value"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        verbs, urls, resources = call.flag("verb"), call.flag("non-resource-url"), call.flag("resource")
        if call.flag("aggregation-rule"):
            if verbs or urls or resources or call.flag("resource-name"):
                raise CommandError(
                    "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames"
                )
            return
        if not verbs:
            raise CommandError("at least one verb must be specified")
        if not urls and not resources:
            raise CommandError("one of resource or nonResourceURL must be specified")
        for url in urls:
            if url != "*" and not url.startswith("/"):
                raise CommandError("nonResourceURL should start with /")
            if "*" in url[:-1]:
                raise CommandError("nonResourceURL only supports wildcard matches when '*' is at the end")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        body: dict[str, Any] = {"metadata": {"name": name}, "rules": None}
        if call.flag("aggregation-rule"):
            labels = dict(part.partition("=")[::2] for part in call.flag("aggregation-rule"))
            body["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": labels}]}
            return body
        body["rules"] = resource_rules(call) if call.flag("resource") else []
        if call.flag("non-resource-url"):
            body["rules"].append({"verbs": call.flag("verb"), "nonResourceURLs": call.flag("non-resource-url")})
        return body


GENERATOR = ClusterRole
