"""ValidatingAdmissionPolicies: CEL expressions that requests must fulfil.

Mirrors ``apiserver/pkg/admission/plugin/policy/validating``: a policy acts through its bindings, whose actions are Deny,
Warn and Audit; an expression that fails to evaluate counts as ``failurePolicy`` says.
"""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.chain import Plugin
from k8s_tutor.sim.admission.policy_matching import matches
from k8s_tutor.sim.machinery.status import ApiError, forbidden
from k8s_tutor.sim.registry.attributes import Attributes

GROUP = "admissionregistration.k8s.io"
POLICIES = f"validatingadmissionpolicies.{GROUP}"
BINDINGS = f"validatingadmissionpolicybindings.{GROUP}"
EXEMPT_GROUPS = frozenset((GROUP, "authentication.k8s.io", "authorization.k8s.io"))
CODES = {"Invalid": 422, "Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}
VARIABLES = ("object", "oldObject", "request", "params", "namespaceObject", "variables")


class ValidatingAdmissionPolicy(Plugin):
    """Evaluates policies."""

    name = "ValidatingAdmissionPolicy"
    operations = frozenset(("CREATE", "UPDATE", "DELETE", "CONNECT"))

    def validate(self, attributes: Attributes) -> None:
        if not self.store.count(BINDINGS) or attributes.resource.group in EXEMPT_GROUPS:
            return
        namespace = self._namespace(attributes)
        for entry in self.store.entries(BINDINGS):
            binding = entry.obj
            found = self.store.get(POLICIES, "", binding["spec"].get("policyName", ""))
            if found is None or not matches(found.obj["spec"].get("matchConstraints") or {}, attributes, namespace):
                continue
            if matches(binding["spec"].get("matchResources") or {}, attributes, namespace):
                self._evaluate(attributes, found.obj, binding, namespace)

    def _namespace(self, attributes: Attributes) -> Json | None:
        if attributes.resource.name == "namespaces":
            return attributes.obj or attributes.old
        entry = self.store.get("namespaces", "", attributes.namespace) if attributes.namespace else None
        return entry.obj if entry else None

    def _evaluate(self, attributes: Attributes, policy: Json, binding: Json, namespace: Json | None) -> None:
        actions = binding["spec"].get("validationActions") or ["Deny"]
        for params in self._params(attributes, policy, binding):
            values = _values(attributes, namespace, params)
            if not _conditions_hold(policy, values):
                continue
            _add_variables(policy, values)
            for message, reason in _failures(policy, values):
                names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
                if "Warn" in actions:
                    text = f"Validation failed for ValidatingAdmissionPolicy {names}: {message}"
                    attributes.ctx.warnings.append(text)
                if "Deny" in actions:
                    raise _denied(attributes, f"ValidatingAdmissionPolicy {names} denied request: {message}", reason)

    def _params(self, attributes: Attributes, policy: Json, binding: Json) -> Iterator[Json | None]:
        """Yield the parameter objects with which the policy is evaluated; None where it takes none."""
        kind, reference = policy["spec"].get("paramKind"), binding["spec"].get("paramRef")
        if not kind or not reference:
            yield None
            return
        resource = self.rest.scheme.for_kind(kind["apiVersion"], kind["kind"])
        home = (reference.get("namespace") or attributes.namespace) if resource and resource.namespaced else ""
        found = []
        if resource is not None and reference.get("name"):
            entry = self.store.get(resource.name, home, reference["name"])
            found = [entry.obj] if entry else []
        elif resource is not None:
            selector = labels.from_label_selector(reference.get("selector") or {})
            candidates = (entry.obj for entry in self.store.entries(resource.name, home or None))
            found = [obj for obj in candidates if selector.matches(obj["metadata"].get("labels") or {})]
        if not found and reference.get("parameterNotFoundAction") == "Deny":
            names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
            text = "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
            raise _denied(attributes, f"ValidatingAdmissionPolicy {names} denied request: {text}", "Invalid")
        yield from found


def _values(attributes: Attributes, namespace: Json | None, params: Json | None) -> Json:
    resource, ctx = attributes.resource, attributes.ctx
    request = {
        "kind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "resource": {"group": resource.group, "version": resource.version, "resource": resource.plural},
        "subResource": attributes.subresource,
        "name": attributes.name,
        "namespace": attributes.namespace,
        "operation": attributes.operation,
        "userInfo": {"username": ctx.user.name, "uid": ctx.user.uid, "groups": list(ctx.user.groups)},
        "dryRun": ctx.dry_run,
    }
    return {
        "object": attributes.obj,
        "oldObject": attributes.old,
        "request": request,
        "params": params,
        "namespaceObject": namespace,
        "variables": {},
    }


class _Failed(Exception):  # noqa: N818 - carried as a value
    """An expression that cannot be compiled or evaluated."""


def _run(expression: str, values: Json) -> Any:
    """Return the expression's value, or a _Failed."""
    from k8s_tutor.apimachinery import cel  # costs 50 ms, and few clusters have policies

    try:
        done = cel.compile(expression, VARIABLES).evaluate(values)
    except cel.CompileError as error:
        return _Failed(str(error))
    return _Failed(done.message) if isinstance(done, cel.CelError) else done


def _conditions_hold(policy: Json, values: Json) -> bool:
    return all(_run(c["expression"], values) is True for c in policy["spec"].get("matchConditions") or ())


def _add_variables(policy: Json, values: Json) -> None:
    for variable in policy["spec"].get("variables") or ():
        found = _run(variable["expression"], values)
        if not isinstance(found, _Failed):
            values["variables"] = values["variables"] | {variable["name"]: found}


def _failures(policy: Json, values: Json) -> Iterator[tuple[str, str]]:
    """Yield message and reason of each validation that does not hold."""
    fails = policy["spec"].get("failurePolicy", "Fail") == "Fail"
    for validation in policy["spec"].get("validations") or ():
        expression = validation["expression"]
        done = _run(expression, values)
        if done is True:
            continue
        if isinstance(done, _Failed):
            if fails:
                yield f"expression '{expression}' resulted in error: {done}", "Invalid"
            continue
        yield _message(validation, values), validation.get("reason") or "Invalid"


def _message(validation: Json, values: Json) -> str:
    if validation.get("messageExpression"):
        text = _run(validation["messageExpression"], values)
        if isinstance(text, str) and text.strip():
            return text.strip()
    found: str = validation.get("message", "")
    return found.strip() or f"failed expression: {validation['expression'].strip()}"


def _denied(attributes: Attributes, message: str, reason: str) -> ApiError:
    error = forbidden(attributes.resource.plural, attributes.resource.group, attributes.name, message)
    error.reason, error.code = reason, CODES.get(reason, 422)
    error.details = (error.details or {}) | {"causes": [{"message": message}]}
    return error
