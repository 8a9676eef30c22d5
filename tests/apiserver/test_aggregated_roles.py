"""ClusterRoles that are made of others."""

from tests.apiserver.api import call
from tests.conftest import ServerFactory

ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"


async def test_rules_of_labelled_roles_are_applied_by_the_controller(server: ServerFactory) -> None:
    served = await server(nodes=0)
    selector = {"clusterRoleSelectors": [{"matchLabels": {"part": "all"}}]}
    await call(served, "POST", ROLES, {"metadata": {"name": "whole"}, "aggregationRule": selector})
    rule = {"verbs": ["get"], "apiGroups": ["x"], "resources": ["y"]}
    await call(served, "POST", ROLES, {"metadata": {"name": "part", "labels": {"part": "all"}}, "rules": [rule]})
    await served.cluster.clock.advance(1)
    whole = (await call(served, "GET", f"{ROLES}/whole")).body
    assert whole["rules"] == [rule]
    entry = next(e for e in whole["metadata"]["managedFields"] if e["operation"] == "Apply")
    assert (entry["manager"], entry["fieldsV1"]) == ("clusterrole-aggregation-controller", {"f:rules": {}})
