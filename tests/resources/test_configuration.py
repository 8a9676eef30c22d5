"""ConfigMaps, Secrets, quotas, limits, namespaces, disruption budgets, roles, priorities and metadata."""

import copy
from typing import TYPE_CHECKING, Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.metadata import validate_metadata
from tests.conftest import ClusterFactory
from tests.resources.judging import changed, complaints, made, stored, strategy

if TYPE_CHECKING:
    from k8s_tutor.sim.registry.scheme import Resource


def config_map(**more: object) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}, **more}


def test_keys_of_a_config_map() -> None:
    found = complaints("configmaps", config_map(data={"a b": "x", "k": "v"}, binaryData={"k": "YQ=="}))
    assert found[0].startswith('data[a b]: Invalid value: "a b": a valid config key must consist of')
    assert found[1] == 'data[k]: Invalid value: "k": duplicate of key present in binaryData'


def test_an_immutable_config_map_stays() -> None:
    old = made("configmaps", config_map(data={"k": "v"}, immutable=True))
    new = copy.deepcopy(old)
    new["data"]["k"] = "w"
    assert changed("configmaps", old, new) == ["data: Forbidden: field is immutable when `immutable` is set"]
    new = copy.deepcopy(old)
    new["immutable"] = False
    assert changed("configmaps", old, new)[0] == "immutable: Forbidden: field is immutable when `immutable` is set"


def test_a_config_map_has_at_most_a_mebibyte() -> None:
    (found,) = complaints("configmaps", config_map(data={"k": "x" * (2**20 + 1)}))
    assert found == ": Too long: may not be more than 1048576 bytes"


def secret(kind: str, **data: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "default"},
        "type": kind,
        "data": data,
    }


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("kubernetes.io/tls", {"tls.crt": ""}, "data[tls.key]: Required value"),
        ("kubernetes.io/ssh-auth", {}, "data[ssh-privatekey]: Required value"),
        ("kubernetes.io/dockerconfigjson", {}, "data[.dockerconfigjson]: Required value"),
        ("kubernetes.io/basic-auth", {}, "data[username]: Required value"),
        (
            "kubernetes.io/service-account-token",
            {},
            "metadata.annotations[kubernetes.io/service-account.name]: Required value",
        ),
    ],
)
def test_secrets_of_a_type_hold_its_keys(kind: str, data: dict[str, str], field: str) -> None:
    assert complaints("secrets", secret(kind, **data))[0] == field


def test_a_secret_is_opaque_by_default_and_string_data_wins() -> None:
    given = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"a": "eA=="},
        "stringData": {"a": "y"},
    }
    obj = made("secrets", given)
    assert obj["type"] == "Opaque"
    assert obj["data"] == {"a": "eQ=="}
    assert "stringData" not in obj


def test_the_type_of_a_secret_is_fixed() -> None:
    old = made("secrets", secret("Opaque", a="eA=="))
    new = copy.deepcopy(old) | {"type": "other"}
    assert changed("secrets", old, new) == ['type: Invalid value: "other": field is immutable']


def limit_range(**item: object) -> Json:
    spec = {"limits": [{"type": "Container"} | item]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "default"}, "spec": spec}


def test_limit_ranges_fill_defaults_from_limits() -> None:
    (item,) = made("limitranges", limit_range(max={"cpu": "2"}, min={"memory": "1Mi"}))["spec"]["limits"]
    assert item["default"] == {"cpu": "2"}
    assert item["defaultRequest"] == {"cpu": "2", "memory": "1Mi"}


def test_limits_keep_their_order() -> None:
    (found,) = complaints("limitranges", limit_range(type="Pod", max={"cpu": "1"}, min={"cpu": "2"}))
    assert found == 'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'


def quota(**hard: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": hard},
    }


def test_quota_names() -> None:
    assert complaints("resourcequotas", quota(pods="4", **{"requests.cpu": "1", "count/jobs.batch": "2"})) == []
    assert complaints("resourcequotas", quota(bananas="4")) == [
        'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified',
        'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource for quota',
    ]


def test_namespaces_have_a_phase_a_finalizer_and_a_name_label() -> None:
    obj = made("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}})
    assert obj["status"]["phase"] == "Active"
    assert obj["spec"]["finalizers"] == ["kubernetes"]
    assert obj["metadata"]["labels"] == {"kubernetes.io/metadata.name": "dev"}


def test_a_budget_has_one_measure() -> None:
    spec = {"minAvailable": 1, "maxUnavailable": 1}
    obj = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "p"}, "spec": spec}
    (found,) = complaints("poddisruptionbudgets.policy", obj)
    assert found.endswith("minAvailable and maxUnavailable cannot be both set")


def test_roles_have_no_paths_and_every_rule_has_verbs() -> None:
    rules = [{"nonResourceURLs": ["/x"], "verbs": ["get"]}, {"apiGroups": [""], "resources": ["pods"]}]
    obj = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": rules}
    found = complaints("roles.rbac.authorization.k8s.io", obj)
    assert (
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs' in found
    )
    assert "rules[1].verbs: Required value" in found


def test_the_role_of_a_binding_is_fixed() -> None:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    obj = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "b"},
        "roleRef": reference,
    }
    old = made("clusterrolebindings.rbac.authorization.k8s.io", obj)
    new = copy.deepcopy(old)
    new["roleRef"]["name"] = "edit"
    (found,) = changed("clusterrolebindings.rbac.authorization.k8s.io", old, new)
    assert found == (
        'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: '
        "field is immutable"
    )


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
        (
            {"name": "a", "labels": {"-": "x"}},
            'metadata.labels: Invalid value: "-": name part must consist of alphanumeric',
        ),
        (
            {"name": "a", "finalizers": ["x"]},
            'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer',
        ),
        (
            {"name": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]},
            "metadata.ownerReferences[0].uid: Required value: must not be empty",
        ),
    ],
)
async def test_metadata(cluster: ClusterFactory, meta: Json, found: str) -> None:
    resource: Resource = (await cluster()).rest.resource("configmaps")
    errors = validate_metadata(resource, {"metadata": {"namespace": "default"} | meta})
    assert f"{errors[0].field}: {errors[0].message}".startswith(found)


def test_rows_tell_counts() -> None:
    assert strategy("configmaps").row(made("configmaps", config_map(data={"a": "", "b": ""})), 0)[1] == 2
    assert strategy("secrets").row(made("secrets", secret("Opaque", a="")), 0)[1:3] == ["Opaque", 1]


@pytest.mark.parametrize(
    ("resource", "obj", "found"),
    [
        (
            "resourcequotas",
            quota(**{"requests.cpu": "2", "limits.cpu": "1"}),
            ["ResourceQuota requests.cpu (2) should be less than limits.cpu (1)"],
        ),
        (
            "serviceaccounts",
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "a", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}},
            },
            [
                (
                    "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate "
                    "namespaces to isolate access to mounted secrets"
                )
            ],
        ),
        (
            "endpointslices.discovery.k8s.io",
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": "e"},
                "addressType": "FQDN",
                "endpoints": [],
            },
            ["spec.addressType: FQDN endpoints are deprecated"],
        ),
    ],
)
def test_warnings(resource: str, obj: Json, found: list[str]) -> None:
    assert strategy(resource).warnings(made(resource, obj), None) == found


def _claim(**spec: Any) -> Json:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}} | spec
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": body}


def test_a_claim_starts_from_claims_and_snapshots_or_by_reference() -> None:
    strange = {"kind": "Thing", "name": "t", "apiGroup": "example.com"}
    snapshot = {"kind": "VolumeSnapshot", "name": "s", "apiGroup": "snapshot.storage.k8s.io"}
    assert "dataSource" not in made("persistentvolumeclaims", _claim(dataSource=strange))["spec"]
    assert made("persistentvolumeclaims", _claim(dataSource=snapshot))["spec"]["dataSourceRef"] == snapshot
    assert made("persistentvolumeclaims", _claim(dataSourceRef=strange))["spec"]["dataSource"] == strange
    elsewhere = made("persistentvolumeclaims", _claim(dataSourceRef=strange | {"namespace": "other"}))["spec"]
    assert "dataSource" not in elsewhere
    assert "dataSourceRef" not in elsewhere


def test_the_status_of_a_claim_resizes_storage_only() -> None:
    claim = stored(made("persistentvolumeclaims", _claim()))
    status = {"allocatedResources": {"memory": "1Gi"}, "allocatedResourceStatuses": {"cpu": "Odd"}}
    found = strategy("persistentvolumeclaims").validate_status_update(claim | {"status": status}, claim)
    assert [f"{error.field}: {error.message}" for error in found] == [
        'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "storage"',
        (
            'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "ControllerResizeInProgress", '
            '"ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"'
        ),
        'status.allocatedResources: Unsupported value: "memory": supported values: "storage"',
    ]


def test_events_of_the_new_api_never_change_and_are_whole() -> None:
    event = {"involvedObject": {"kind": "Pod", "name": "p"}, "source": {}, "type": "Normal", "eventTime": "t"}
    change = event | {"involvedObject": {"kind": "Job", "name": "p"}}
    of = strategy("events")
    assert of.validate_version("", change, event) == []
    found = of.validate_version("events.k8s.io/v1", change, event)
    assert [error.field for error in found] == ["involvedObject"]
    assert '"Kind":"Job"' in found[0].message
    new = of.validate_version("events.k8s.io/v1", event | {"type": "Odd", "count": 1}, None)
    assert [error.field for error in new] == ["type", "count"]


def test_a_changed_webhook_counts_as_a_generation() -> None:
    of = strategy("validatingwebhookconfigurations.admissionregistration.k8s.io")
    hook = {"name": "a.example.com", "timeoutSeconds": 10}
    assert of.generation_changes({"webhooks": [hook | {"timeoutSeconds": 5}]}, {"webhooks": [hook]})
    assert not of.generation_changes({"webhooks": [hook]}, {"webhooks": [hook]})


def test_an_immutable_class_does_not_show_what_was_tried() -> None:
    old = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "s"}, "provisioner": "a.b/c",
           "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}  # fmt: skip
    assert changed("storageclasses.storage.k8s.io", old, old | {"reclaimPolicy": "Retain"}) == [
        "reclaimPolicy: Invalid value: null: field is immutable"
    ]
