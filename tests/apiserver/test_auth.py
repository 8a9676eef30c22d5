"""Who asks, and what they may."""

from typing import Any

from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import Server, ServerFactory

RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"


async def grant(served: Server, verbs: list[str], resources: list[str], user: str = "jane") -> None:
    rule: dict[str, Any] = {"apiGroups": [""], "resources": resources, "verbs": verbs}
    role = {"metadata": {"name": "dev"}, "rules": [rule]}
    await call(served, "POST", f"{RBAC}/roles", role)
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "Role", "name": "dev", "apiGroup": "rbac.authorization.k8s.io"}
    binding = {"metadata": {"name": "dev"}, "subjects": [subject], "roleRef": reference}
    await call(served, "POST", f"{RBAC}/rolebindings", binding)


async def test_nobody_without_a_token_but_for_public_paths(server: ServerFactory) -> None:
    served = await server()
    assert (await call(served, "GET", CONFIGMAPS, token="")).status == 403
    assert (await call(served, "GET", CONFIGMAPS, token="wrong")).status == 401
    assert (await call(served, "GET", "/livez", token="")).body == "ok"


async def test_roles_allow_what_they_say(server: ServerFactory) -> None:
    served = await server()
    await grant(served, ["list"], ["configmaps"])
    assert (await call(served, "GET", CONFIGMAPS, impersonate_user="jane")).status == 200
    refused = await call(served, "POST", CONFIGMAPS, configmap("a"), impersonate_user="jane")
    assert refused.body["message"] == (
        'configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" '
        'in the namespace "default"'
    )


async def test_nobody_gives_away_more_than_she_has(server: ServerFactory) -> None:
    served = await server()
    await grant(served, ["*"], ["pods"])
    rule = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["create"]}
    extra = {"metadata": {"name": "roles"}, "rules": [rule]}
    await call(served, "POST", f"{RBAC}/roles", extra)
    subject = {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "Role", "name": "roles", "apiGroup": "rbac.authorization.k8s.io"}
    await call(
        served,
        "POST",
        f"{RBAC}/rolebindings",
        {"metadata": {"name": "roles"}, "subjects": [subject], "roleRef": reference},
    )
    greedy = {
        "metadata": {"name": "up"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}],
    }
    refused = await call(served, "POST", f"{RBAC}/roles", greedy, impersonate_user="jane")
    assert refused.status == 403
    assert '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}' in refused.body["message"]


async def test_service_account_tokens_are_bound_and_expire(server: ServerFactory) -> None:
    served = await server()
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await call(served, "POST", accounts, {"metadata": {"name": "robot"}})
    made = await call(served, "POST", f"{accounts}/robot/token", {"spec": {"expirationSeconds": 600}})
    token = made.body["status"]["token"]
    whoami = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    done = await call(served, "POST", whoami, {}, token=token)
    assert done.body["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"
    await served.cluster.clock.advance(700)
    assert (await call(served, "POST", whoami, {}, token=token)).status == 401


async def test_a_deleted_accounts_token_is_worth_nothing(server: ServerFactory) -> None:
    served = await server()
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await call(served, "POST", accounts, {"metadata": {"name": "robot"}})
    token = (await call(served, "POST", f"{accounts}/robot/token", {})).body["status"]["token"]
    await call(served, "DELETE", f"{accounts}/robot")
    assert (await call(served, "GET", "/version", token=token)).status == 401
