"""CustomResourceDefinitions, admission policies, webhooks, certificates and autoscalers."""

import base64
import copy
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.resources.shared.admission import typechecking
from k8s_tutor.sim.resources.shared.admission.expressions import Expressions
from tests.conftest import ClusterFactory
from tests.resources.judging import complaints, context, made, strategy

CRDS = "customresourcedefinitions.apiextensions.k8s.io"
POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"
HOOKS = "validatingwebhookconfigurations.admissionregistration.k8s.io"
SCALERS = "horizontalpodautoscalers.autoscaling"


def definition(schema: Json, **version: Any) -> Json:
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}} | version
    names = {"plural": "cars", "kind": "Car"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [served]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "cars.example.com"},
        "spec": spec,
    }


def test_a_definition_names_its_list_and_one_of_its_kind() -> None:
    obj = made(CRDS, definition({"type": "object"}))
    assert obj["spec"]["names"] == {"plural": "cars", "kind": "Car", "singular": "car", "listKind": "CarList"}
    assert obj["spec"]["conversion"] == {"strategy": "None"}
    assert obj["status"] == {"storedVersions": ["v1"]}


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"a": {}}, "properties[a].type: Required value: must not be empty for specified object fields"),
        ({"a": {"type": "array"}}, "properties[a].items: Required value: must be specified"),
        (
            {"a": {"type": "integer", "default": "x"}},
            'properties[a].default: Invalid value: "string":  in body must be of type',
        ),
        (
            {"a": {"type": "string", "uniqueItems": True}},
            "properties[a].uniqueItems: Forbidden: uniqueItems cannot be set",
        ),
        (
            {"a": {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"}},
            "properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ),
        (
            {"a": {"type": "object", "x-kubernetes-validations": [{"rule": "self.b > 1"}]}},
            "properties[a].x-kubernetes-validations[0].rule: Invalid value: ",
        ),
        (
            {"a": {"type": "string", "anyOf": [{"type": "string"}]}},
            "properties[a].anyOf[0].type: Forbidden: must be empty",
        ),
    ],
)
def test_schemas_are_structural(properties: Json, found: str) -> None:
    (first, *_) = complaints(CRDS, definition({"type": "object", "properties": properties}))
    assert first.startswith(f"spec.validation.openAPIV3Schema.{found}")


def test_a_rule_may_speak_of_metadata_at_the_root() -> None:
    rules = [{"rule": "self.metadata.name.startsWith('x')"}]
    assert complaints(CRDS, definition({"type": "object", "x-kubernetes-validations": rules})) == []


def test_exactly_one_version_is_stored() -> None:
    (first, *_) = complaints(CRDS, definition({"type": "object"}, storage=False))
    assert first.endswith("must have exactly one version marked as storage version")


def test_unknown_formats_warn() -> None:
    obj = made(CRDS, definition({"type": "object", "properties": {"a": {"type": "string", "format": "isbn-99"}}}))
    assert strategy(CRDS).warnings(obj, None) == ['unrecognized format "isbn-99"']


def policy(**spec: Any) -> Json:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    body = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "true"}]} | spec
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": body,
    }


def test_policies_get_defaults() -> None:
    spec = made(POLICIES, policy())["spec"]
    assert spec["failurePolicy"] == "Fail"
    assert spec["matchConstraints"]["matchPolicy"] == "Equivalent"
    assert spec["matchConstraints"]["resourceRules"][0]["scope"] == "*"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (
            {"validations": [{"expression": "1 +"}]},
            'spec.validations[0].expression: Invalid value: "1 +": compilation failed',
        ),
        (
            {"validations": [{"expression": "1"}]},
            'spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int',
        ),
        ({"validations": [{"expression": "params.x == 1"}]}, "spec.validations[0].expression: Invalid value: "),
        ({"validations": []}, "spec.validations: Required value: validations or auditAnnotations must contain"),
        (
            {"variables": [{"name": "a", "expression": "1"}], "validations": [{"expression": "variables.b == 1"}]},
            (
                'spec.validations[0].expression: Invalid value: "variables.b == 1": compilation failed: ERROR: <input>:1:10: '
                "undefined field 'b'"
            ),
        ),
        ({"validations": [{"expression": "true", "message": "a\nb"}]}, "spec.validations[0].message: Invalid value"),
    ],
)
def test_expressions_of_policies_compile(spec: Json, found: str) -> None:
    assert complaints(POLICIES, policy(**spec))[0].startswith(found)


def test_policies_know_the_authorizer_and_their_variables() -> None:
    asks = "authorizer.group('').resource('pods').check('get').allowed()"
    fine = policy(
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        variables=[{"name": "a", "expression": "params.data"}],
        validations=[{"expression": asks}, {"expression": "variables.a == object"}],
    )
    assert complaints(POLICIES, fine) == []


def test_webhooks() -> None:
    hook = {
        "name": "short",
        "clientConfig": {"url": "http://x"},
        "admissionReviewVersions": ["v2"],
        "sideEffects": "Some",
    }
    obj = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "w"},
        "webhooks": [hook],
    }
    assert complaints(HOOKS, obj) == [
        'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
        'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        (
            "webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; "
            "desired format: https://host[/path]"
        ),
        'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ]


def scaler(version: str, **spec: Any) -> Json:
    body = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 5} | spec
    return {"apiVersion": version, "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": body}


def test_an_autoscaler_is_one_object_in_two_versions() -> None:
    of: Any = strategy(SCALERS)
    old_style = scaler("autoscaling/v1", targetCPUUtilizationPercentage=70)
    stored = of.from_version(copy.deepcopy(old_style))
    assert stored["spec"]["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
    ]
    shown = of.to_version(stored | {"apiVersion": "autoscaling/v2"}, "autoscaling/v1")
    assert shown["spec"]["targetCPUUtilizationPercentage"] == 70
    assert "metrics" not in shown["spec"]


def test_other_metrics_travel_as_an_annotation() -> None:
    of: Any = strategy(SCALERS)
    metric = {
        "type": "Pods",
        "pods": {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "3"}},
    }
    shown = of.to_version(made(SCALERS, scaler("autoscaling/v2", metrics=[metric])), "autoscaling/v1")
    assert '"hits"' in shown["metadata"]["annotations"]["autoscaling.alpha.kubernetes.io/metrics"]
    back = of.from_version(copy.deepcopy(shown))
    assert back["spec"]["metrics"] == [metric]


def test_an_autoscaler_scales_by_cpu_unless_told() -> None:
    obj = made(SCALERS, scaler("autoscaling/v2"))
    assert obj["spec"]["minReplicas"] == 1
    assert strategy(SCALERS).row(obj, 0)[1:6] == ["Deployment/web", "cpu: <unknown>/80%", "1", 5, 0]
    assert complaints(SCALERS, scaler("autoscaling/v2", minReplicas=9)) == [
        "spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`"
    ]


def _request() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jane")])
    made_of = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(made_of.public_bytes(serialization.Encoding.PEM)).decode()


async def test_certificate_requests_are_decided_by_approval_only(cluster: ClusterFactory) -> None:
    running = await cluster()
    resource = "certificatesigningrequests.certificates.k8s.io"
    obj = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "jane"},
        "spec": {"request": _request(), "signerName": "example.com/people", "usages": ["client auth"]},
    }
    made_of = copy.deepcopy(running.client("admin", "kubectl").create(resource, obj))
    assert made_of["spec"]["username"]
    of = running.rest.resource(resource).strategy
    new = made_of | {"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "Fine"}]}}
    assert of.validate_subresource_update("status", new, made_of) == [
        FieldError(
            "FieldValueForbidden",
            "status.conditions",
            'Forbidden: updates may not add a condition of type "Approved"',
        )
    ]
    of.prepare_subresource_update(context("approval"), new, made_of)
    assert of.validate_subresource_update("approval", new, made_of) == []
    (condition,) = new["status"]["conditions"]
    assert condition["lastUpdateTime"] == condition["lastTransitionTime"] == "2027-01-15T08:00:00Z"
    user = made_of["spec"]["username"]
    assert of.row(new, 0)[2:] == ["example.com/people", user, "<none>", "Approved"]


def test_a_certificate_request_must_be_one() -> None:
    spec = {
        "request": base64.b64encode(b"hello").decode(),
        "signerName": "x",
        "usages": ["fun", "fun"],
        "expirationSeconds": 1,
    }
    obj = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "c"},
        "spec": spec,
    }
    found = complaints("certificatesigningrequests.certificates.k8s.io", obj)
    assert found[0].endswith("PEM block type must be CERTIFICATE REQUEST")
    assert 'spec.usages[1]: Duplicate value: "fun"' in found
    assert found[-1] == (
        "spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)"
    )


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("request.userInfo.username", None),
        ("'a b'.split(' ')", "must evaluate to string but got list(string)"),
        ("timestamp('2026-01-01T00:00:00Z')", "must evaluate to string but got google.protobuf.Timestamp"),
        ("request.dryRun", "must evaluate to string but got bool"),
    ],
)
def test_types_of_expressions(expression: str, complaint: str | None) -> None:
    assert Expressions().problem(expression, ("string",), composed=False, authorizer=False) == complaint


def test_policies_are_told_what_can_not_fit_their_kinds() -> None:
    kind = schema.type_for("apps", "v1", "Deployment")
    params = schema.type_for("", "v1", "ConfigMap")
    assert kind is not None
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments", "deployments/scale", "*"]}
    expressions = (
        "object.spec.replicas > 1",
        "object.spec.replicas > '1'",
        "object.spec.strategy.rollingUpdate.maxSurge == 1",
        "object.spec.template.spec.containers[0].resources.limits['cpu'] == '1'",
        "variables.name == 1",
        "params.data['a'] == 1",
    )
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "variables": [{"name": "name", "expression": "object.metadata.name"}],
        "validations": [{"expression": text} for text in expressions],
    }
    assert typechecking.matched({"spec": spec}) == [("apps", "v1", "deployments")]
    found = typechecking.warnings({"spec": spec}, [typechecking.Kind("apps", "v1", "Deployment", kind)], params)
    assert [(item["fieldRef"], item["warning"].split("\n")[0].partition("ERROR: <input>:")[2]) for item in found] == [
        ("spec.validations[1].expression", "1:22: found no matching overload for '_>_' applied to '(int, string)'"),
        ("spec.validations[3].expression", "1:50: undefined field 'limits'"),
        ("spec.validations[4].expression", "1:16: found no matching overload for '_==_' applied to '(string, int)'"),
        ("spec.validations[5].expression", "1:18: found no matching overload for '_==_' applied to '(string, int)'"),
    ]
