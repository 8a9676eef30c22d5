"""Who may what: reviews, refusals and impersonation where bindings lead nowhere or rights are of one mode only."""

from typing import Any

import pytest

from tests.apiserver.api import Answer, call
from tests.conftest import Server, ServerFactory

GROUP = "rbac.authorization.k8s.io"
RBAC = f"/apis/{GROUP}/v1"
ROLES, BINDINGS = f"{RBAC}/namespaces/default/roles", f"{RBAC}/namespaces/default/rolebindings"
REVIEWS = "/apis/authorization.k8s.io/v1"
SECRETS = "/api/v1/namespaces/default/secrets"


async def bind(
    served: Server, name: str, kind: str, role: str, *, everywhere: bool = False, user: str = "jane"
) -> None:
    subject = {"kind": "User", "name": user, "apiGroup": GROUP}
    body = {
        "metadata": {"name": name},
        "subjects": [subject],
        "roleRef": {"kind": kind, "name": role, "apiGroup": GROUP},
    }
    assert (await call(served, "POST", f"{RBAC}/clusterrolebindings" if everywhere else BINDINGS, body)).status == 201


async def make_role(served: Server, name: str, *rules: dict[str, Any], everywhere: bool = False) -> None:
    path = f"{RBAC}/clusterroles" if everywhere else ROLES
    assert (await call(served, "POST", path, {"metadata": {"name": name}, "rules": list(rules)})).status == 201


async def review(served: Server, kind: str, spec: dict[str, Any], **headers: str) -> Answer:
    return await call(served, "POST", f"{REVIEWS}/{kind}", {"spec": spec}, **headers)


async def test_a_missing_role_is_told_wherever_rights_are_refused(server: ServerFactory) -> None:
    served = await server()
    await bind(served, "lost", "Role", "gone")
    trouble = f'RBAC: role.{GROUP} "gone" not found'
    refused = await call(served, "GET", SECRETS, impersonate_user="jane")
    assert refused.body["message"].endswith(f'in the namespace "default": rbac: {trouble}')
    wanted = {"verb": "get", "resource": "secrets", "namespace": "default"}
    told = await review(served, "subjectaccessreviews", {"user": "jane", "resourceAttributes": wanted})
    assert told.body["status"] == {"allowed": False, "reason": f"rbac: {trouble}"}
    rules = await review(served, "selfsubjectrulesreviews", {"namespace": "default"}, impersonate_user="jane")
    assert rules.body["status"]["evaluationError"] == f'role.{GROUP} "gone" not found'


async def test_several_missing_roles_are_told_in_brackets(server: ServerFactory) -> None:
    served = await server()
    await bind(served, "a", "ClusterRole", "one")
    await bind(served, "b", "ClusterRole", "two")
    refused = await call(served, "GET", SECRETS, impersonate_user="jane")
    both = f'[clusterrole.{GROUP} "one" not found, clusterrole.{GROUP} "two" not found]'
    assert refused.body["message"].endswith(f"rbac: RBAC: {both}")


async def test_a_list_by_name_is_authorized_as_for_that_name(server: ServerFactory) -> None:
    served = await server()
    await make_role(
        served, "one", {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"], "resourceNames": ["a"]}
    )
    await bind(served, "one", "Role", "one")
    allowed = await call(served, "GET", f"{SECRETS}?fieldSelector=metadata.name%3Da", impersonate_user="jane")
    assert allowed.status == 200
    refused = await call(served, "GET", f"{SECRETS}?fieldSelector=metadata.name%3Db", impersonate_user="jane")
    assert refused.body["details"] == {"name": "b", "kind": "secrets"}


async def test_a_binding_to_a_missing_role_names_the_bindings_resource(server: ServerFactory) -> None:
    served = await server()
    await make_role(served, "rb", {"apiGroups": [GROUP], "resources": ["roles", "rolebindings"], "verbs": ["create"]})
    await bind(served, "rb", "Role", "rb")
    await bind(served, "lost", "Role", "gone")
    reference = {"kind": "ClusterRole", "name": "nope", "apiGroup": GROUP}
    missing = await call(
        served, "POST", BINDINGS, {"metadata": {"name": "n"}, "roleRef": reference}, impersonate_user="jane"
    )
    assert missing.body["message"] == f'rolebindings.{GROUP} "nope" not found'
    greedy = {"metadata": {"name": "g"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    refused = await call(served, "POST", ROLES, greedy, impersonate_user="jane")
    assert refused.body["message"].endswith(f'; resolution errors: [roles.{GROUP} "gone" not found]')


async def test_aggregation_needs_everything(server: ServerFactory) -> None:
    served = await server()
    rule = {"apiGroups": [GROUP], "resources": ["clusterroles"], "verbs": ["create"]}
    await make_role(served, "maker", rule, everywhere=True)
    await bind(served, "maker", "ClusterRole", "maker", everywhere=True)
    body = {"metadata": {"name": "all"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
    refused = await call(served, "POST", f"{RBAC}/clusterroles", body, impersonate_user="jane")
    assert "must have cluster-admin privileges to use the aggregationRule" in refused.body["message"]


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"labelSelector": {"rawSelector": "&a"}}, "spec.resourceAttributes.labelSelector ignored due to parse error"),
        (
            {"labelSelector": {"requirements": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Odd"}]}},
            "spec.resourceAttributes.labelSelector partially ignored due to parse error",
        ),
        ({"fieldSelector": {"rawSelector": "a"}}, "spec.resourceAttributes.fieldSelector ignored due to parse error"),
    ],
)
async def test_selectors_that_cannot_be_read_are_told(
    server: ServerFactory, attributes: dict[str, Any], error: str
) -> None:
    served = await server()
    wanted = {"verb": "list", "resource": "pods"} | attributes
    told = await review(served, "selfsubjectaccessreviews", {"resourceAttributes": wanted})
    assert told.body["status"] == {"allowed": True, "evaluationError": error}


async def test_reviews_that_make_no_sense(server: ServerFactory) -> None:
    served = await server()
    both = {"resourceAttributes": {"verb": "get"}, "nonResourceAttributes": {"path": "/x", "verb": "get"}}
    refused = await review(served, "selfsubjectaccessreviews", both)
    assert 'spec: Invalid value: {"Path":"/x","Verb":"get"}: exactly one of' in refused.body["message"]
    local = {"user": "x", "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "other"}}
    refused = await review(served, "namespaces/default/localsubjectaccessreviews", local)
    assert 'Invalid value: "other": must match metadata.namespace' in refused.body["message"]
    assert (await review(served, "localsubjectaccessreviews", local)).status == 404


async def test_a_node_reads_what_its_pods_name_and_nothing_else(server: ServerFactory) -> None:
    served = await server(nodes=0)
    account = {"automountServiceAccountToken": False, "serviceAccountName": "default", "nodeName": "n1"}
    container = {"name": "c", "image": "x", "envFrom": [{"secretRef": {"name": "mine"}}]}
    pod = {"metadata": {"name": "p"}, "spec": account | {"containers": [container]}}
    await call(served, "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    assert (await call(served, "POST", "/api/v1/namespaces/default/pods", pod)).status == 201

    async def asked(**wanted: str) -> dict[str, Any]:
        spec = {"user": "system:node:n1", "groups": ["system:nodes"], "resourceAttributes": wanted}
        status: dict[str, Any] = (await review(served, "subjectaccessreviews", spec)).body["status"]
        return status

    where = {"namespace": "default"}
    assert (await asked(verb="get", resource="secrets", name="mine", **where))["allowed"]
    assert await asked(verb="get", resource="secrets", name="c", **where) == {
        "allowed": False,
        "reason": "node: no relationship found between node 'n1' and this object",
    }
    assert (await asked(verb="list", resource="nodes"))["reason"] == (
        "node: node 'n1' cannot read all nodes, only its own Node object"
    )


async def test_impersonation_of_one_mode_only(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "bot"}})
    token = await call(served, "POST", "/api/v1/namespaces/default/serviceaccounts/bot/token", {})
    bot = token.body["status"]["token"]
    pods = "/api/v1/namespaces/default/pods"
    refused = await call(served, "GET", pods, token=bot, impersonate_user="joe")
    assert 'cannot impersonate-on:user-info:list resource "pods"' in refused.body["message"]
    users = {"apiGroups": ["authentication.k8s.io"], "resources": ["users"], "verbs": ["impersonate:user-info"]}
    listing = {"apiGroups": [""], "resources": ["pods"], "verbs": ["impersonate-on:user-info:list", "list"]}
    await make_role(served, "act", users, listing, everywhere=True)
    await bind(served, "act", "ClusterRole", "act", everywhere=True, user="system:serviceaccount:default:bot")
    await bind(served, "joe", "ClusterRole", "act", everywhere=True, user="joe")
    assert (await call(served, "GET", pods, token=bot, impersonate_user="joe")).status == 200
    refused = await call(served, "GET", pods, token=bot, impersonate_user="joe", impersonate_group="system:masters")
    assert "impersonating the system:masters group is not allowed" in refused.body["message"]


async def test_an_impersonated_node_is_in_the_nodes_group(server: ServerFactory) -> None:
    served = await server()
    who = await call(
        served, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, impersonate_user="system:node:n1"
    )
    assert who.body["status"]["userInfo"]["groups"] == ["system:nodes", "system:authenticated"]
