"""ValidatingAdmissionPolicies: CEL expressions that requests must fulfil.

Mirrors ``apiserver/pkg/admission/plugin/policy/validating``: a policy acts through its bindings, whose actions are Deny,
Warn and Audit; an expression that fails to evaluate counts as ``failurePolicy`` says.
"""

from collections.abc import Iterator

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.expressions import Failed, evaluate, values
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.admission.policy_matching import matches, namespace_of
from k8s_tutor.sim.admission.policy_params import MissingParamsError, params_of
from k8s_tutor.sim.machinery.status import ApiError, forbidden
from k8s_tutor.sim.registry.attributes import Attributes

GROUP = "admissionregistration.k8s.io"
POLICIES = f"validatingadmissionpolicies.{GROUP}"
BINDINGS = f"validatingadmissionpolicybindings.{GROUP}"
EXEMPT_GROUPS = frozenset((GROUP, "authentication.k8s.io", "authorization.k8s.io"))
CODES = {"Invalid": 422, "Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}


class ValidatingAdmissionPolicy(Plugin):
    """Evaluates policies."""

    name = "ValidatingAdmissionPolicy"
    operations = frozenset(("CREATE", "UPDATE", "DELETE", "CONNECT"))
    of_others = True

    def validate(self, attributes: Attributes) -> None:
        if not self.store.count(BINDINGS) or attributes.resource.group in EXEMPT_GROUPS:
            return
        namespace = namespace_of(self.store, attributes)
        for entry in self.store.entries(BINDINGS):
            binding = entry.obj
            found = self.store.get(POLICIES, "", binding["spec"].get("policyName", ""))
            if found is None or not matches(found.obj["spec"].get("matchConstraints") or {}, attributes, namespace):
                continue
            if matches(binding["spec"].get("matchResources") or {}, attributes, namespace):
                self._evaluate(attributes, found.obj, binding, namespace)

    def _evaluate(self, attributes: Attributes, policy: Json, binding: Json, namespace: Json | None) -> None:
        actions = binding["spec"].get("validationActions") or ["Deny"]
        for params in self._params(attributes, policy, binding):
            given = values(attributes, namespace, params)
            if not _conditions_hold(policy, given):
                continue
            add_variables(policy, given)
            for message, reason in _failures(policy, given):
                names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
                if "Warn" in actions:
                    text = f"Validation failed for ValidatingAdmissionPolicy {names}: {message}"
                    attributes.ctx.warnings.append(text)
                if "Deny" in actions:
                    raise _denied(attributes, f"ValidatingAdmissionPolicy {names} denied request: {message}", reason)

    def _params(self, attributes: Attributes, policy: Json, binding: Json) -> Iterator[Json | None]:
        try:
            yield from params_of(self.rest, attributes, policy, binding)
        except MissingParamsError as missing:
            names = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
            text = f"ValidatingAdmissionPolicy {names} denied request: failed to configure binding: {missing}"
            raise _denied(attributes, text, "Invalid") from None


def _conditions_hold(policy: Json, given: Json) -> bool:
    return all(evaluate(c["expression"], given) is True for c in policy["spec"].get("matchConditions") or ())


def add_variables(policy: Json, given: Json) -> None:
    """Add the policy's variables to what its expressions see."""
    for variable in policy["spec"].get("variables") or ():
        found = evaluate(variable["expression"], given)
        if not isinstance(found, Failed):
            given["variables"] = given["variables"] | {variable["name"]: found}


def _failures(policy: Json, given: Json) -> Iterator[tuple[str, str]]:
    """Yield message and reason of each validation that does not hold."""
    fails = policy["spec"].get("failurePolicy", "Fail") == "Fail"
    for validation in policy["spec"].get("validations") or ():
        expression = validation["expression"]
        done = evaluate(expression, given)
        if done is True:
            continue
        if isinstance(done, Failed):
            if fails:
                yield f"expression '{expression}' resulted in error: {done}", "Invalid"
            continue
        yield _message(validation, given), validation.get("reason") or "Invalid"


def _message(validation: Json, given: Json) -> str:
    if validation.get("messageExpression"):
        text = evaluate(validation["messageExpression"], given)
        if isinstance(text, str) and text.strip():
            return text.strip()
    found: str = validation.get("message", "")
    return found.strip() or f"failed expression: {validation['expression'].strip()}"


def _denied(attributes: Attributes, message: str, reason: str) -> ApiError:
    error = forbidden(attributes.resource.plural, attributes.resource.group, attributes.name, message)
    error.reason, error.code = reason, CODES.get(reason, 422)
    error.details = (error.details or {}) | {"causes": [{"message": message}]}
    return error
