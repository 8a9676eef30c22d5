"""Admission: what is filled in, charged and refused."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from tests.apiserver.api import call
from tests.conftest import ServerFactory

PODS = "/api/v1/namespaces/default/pods"


def pod(name: str, **spec: Any) -> Json:
    containers = [{"name": "c", "image": "nginx"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers} | spec}


async def test_a_pod_gets_account_token_priority_and_tolerations(server: ServerFactory) -> None:
    served = await server()
    made = (await call(served, "POST", PODS, pod("a"))).body["spec"]
    assert made["serviceAccountName"] == "default"
    assert made["volumes"][0]["name"].startswith("kube-api-access-")
    assert made["priority"] == 0
    assert [item["key"] for item in made["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]


async def test_pod_security_enforces_and_warns(server: ServerFactory) -> None:
    served = await server()
    labels = {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "restricted"}
    media = "application/merge-patch+json"
    await call(served, "PATCH", "/api/v1/namespaces/default", {"metadata": {"labels": labels}}, content_type=media)
    refused = await call(served, "POST", PODS, pod("a", hostNetwork=True))
    assert refused.body["message"] == (
        'pods "a" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
    )
    warned = await call(served, "POST", PODS, pod("b"))
    assert warned.status == 201
    assert 'would violate PodSecurity \\"restricted:latest\\"' in warned.headers["warning"][0]


async def test_pod_security_of_an_older_version(server: ServerFactory) -> None:
    served = await server()
    labels = {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "v1.26"}
    media = "application/merge-patch+json"
    await call(served, "PATCH", "/api/v1/namespaces/default", {"metadata": {"labels": labels}}, content_type=media)
    probe = {"name": "c", "image": "nginx", "livenessProbe": {"tcpSocket": {"port": 80, "host": "1.2.3.4"}}}
    assert (await call(served, "POST", PODS, pod("a", containers=[probe]))).status == 201
    sysctl = {"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports", "value": "1"}]}
    refused = await call(served, "POST", PODS, pod("b", securityContext=sysctl))
    assert refused.body["message"].endswith("forbidden sysctls (net.ipv4.ip_local_reserved_ports)")


async def test_workloads_are_warned_of_what_is_enforced(server: ServerFactory) -> None:
    served = await server()
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    media = "application/merge-patch+json"
    await call(served, "PATCH", "/api/v1/namespaces/default", labels, content_type=media)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod("x", hostPID=True)["spec"]}
    deployment = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    made = await call(served, "POST", "/apis/apps/v1/namespaces/default/deployments", deployment)
    assert made.status == 201
    assert "host namespaces (hostPID=true)" in made.headers["warning"][0]


async def test_an_app_armor_annotation_becomes_the_field(server: ServerFactory) -> None:
    served = await server()
    new = pod("a")
    new["metadata"]["annotations"] = {"container.apparmor.security.beta.kubernetes.io/c": "runtime/default"}
    made = await call(served, "POST", PODS, new)
    assert made.body["spec"]["containers"][0]["securityContext"] == {"appArmorProfile": {"type": "RuntimeDefault"}}
    assert 'use the \\"appArmorProfile\\" field instead' in made.headers["warning"][0]


async def test_quota_is_charged_and_refuses(server: ServerFactory) -> None:
    served = await server()
    quotas = "/api/v1/namespaces/default/resourcequotas"
    await call(served, "POST", quotas, {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}})
    await served.cluster.clock.settle()
    assert (await call(served, "POST", PODS, pod("a"))).status == 201
    refused = await call(served, "POST", PODS, pod("b"))
    assert refused.body["message"] == (
        'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'
    )


async def test_limit_range_fills_in_and_bounds(server: ServerFactory) -> None:
    served = await server()
    limit = {"type": "Container", "default": {"cpu": "200m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "1"}}
    ranges = "/api/v1/namespaces/default/limitranges"
    await call(served, "POST", ranges, {"metadata": {"name": "l"}, "spec": {"limits": [limit]}})
    made = await call(served, "POST", PODS, pod("a"))
    assert made.body["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}
    greedy = pod("b", containers=[{"name": "c", "image": "nginx", "resources": {"limits": {"cpu": "2"}}}])
    refused = await call(served, "POST", PODS, greedy)
    assert "maximum cpu usage per Container is 1, but limit is 2" in refused.body["message"]


async def test_an_ending_namespace_takes_nothing_new(server: ServerFactory) -> None:
    served = await server()
    held = {"metadata": {"name": "team"}}
    await call(served, "POST", "/api/v1/namespaces", held)
    hold = {"metadata": {"name": "h", "finalizers": ["example.com/hold"]}}
    await call(served, "POST", "/api/v1/namespaces/team/configmaps", hold)
    await call(served, "DELETE", "/api/v1/namespaces/team")
    refused = await call(served, "POST", "/api/v1/namespaces/team/configmaps", {"metadata": {"name": "late"}})
    assert refused.status == 403
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"


async def test_a_policy_denies_by_its_binding(server: ServerFactory) -> None:
    served = await server()
    group = "/apis/admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    check = {"expression": "object.metadata.name.startsWith('x')", "message": "name must begin with x"}
    spec = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, "validations": [check]}
    policy = {"metadata": {"name": "names"}, "spec": spec}
    await call(served, "POST", f"{group}/validatingadmissionpolicies", policy)
    assert (await call(served, "POST", PODS, pod("a"))).status == 201
    binding = {"metadata": {"name": "names"}, "spec": {"policyName": "names", "validationActions": ["Deny"]}}
    await call(served, "POST", f"{group}/validatingadmissionpolicybindings", binding)
    refused = await call(served, "POST", PODS, pod("b"))
    assert "denied request: name must begin with x" in refused.body["message"]
    assert (await call(served, "POST", PODS, pod("xb"))).status == 201
