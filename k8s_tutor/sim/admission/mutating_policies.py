"""MutatingAdmissionPolicies: CEL expressions that change requests.

Mirrors ``apiserver/pkg/admission/plugin/policy/mutating``. A mutation is a configuration, merged as server-side apply
would, or a JSON patch; each sees what those before it have made. A policy with ``reinvocationPolicy: IfNeeded`` runs once
more when something later has changed the object.
"""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.apply.atomics import atomics
from k8s_tutor.apimachinery.apply.merging import merge
from k8s_tutor.apimachinery.apply.shapes import complaints
from k8s_tutor.apimachinery.patches import PatchError, apply_json_patch
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.admission.expressions import Failed, evaluate, values
from k8s_tutor.sim.admission.plugin import Plugin, become
from k8s_tutor.sim.admission.policies import EXEMPT_GROUPS, GROUP, add_variables
from k8s_tutor.sim.admission.policy_matching import matches, namespace_of
from k8s_tutor.sim.admission.policy_params import MissingParamsError, params_of
from k8s_tutor.sim.machinery.status import ApiError, forbidden
from k8s_tutor.sim.registry.attributes import Attributes

POLICIES = f"mutatingadmissionpolicies.{GROUP}"
BINDINGS = f"mutatingadmissionpolicybindings.{GROUP}"
TEST_FAILED = "testing value"
Refusal = tuple[str, str]


class MutationError(Exception):
    """A mutation that cannot be made."""


class Invocation:
    """A policy with a binding and, maybe, its parameters."""

    def __init__(self, policy: Json, binding: Json, params: Json | None) -> None:
        self.policy = policy
        self.binding = binding
        self.params = params

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by when it may run again."""
        name = (self.params or {"metadata": {"name": ""}})["metadata"]["name"]
        return self.policy["metadata"]["name"], self.binding["metadata"]["name"], name

    @property
    def may_run_again(self) -> bool:
        """Whether later changes make it run once more."""
        return bool(self.policy["spec"].get("reinvocationPolicy") == "IfNeeded")


class MutatingAdmissionPolicy(Plugin):
    """Applies policies."""

    name = "MutatingAdmissionPolicy"
    of_users = True
    operations = frozenset(("CREATE", "UPDATE"))

    def admit(self, attributes: Attributes) -> None:
        if not self.store.count(BINDINGS) or attributes.resource.group in EXEMPT_GROUPS or attributes.obj is None:
            return
        namespace = namespace_of(self.store, attributes)
        refusals: list[Refusal] = []
        invocations = list(self._invocations(attributes, namespace, refusals))
        done: list[Invocation] = []
        again: list[Invocation] = []
        for invocation in invocations:
            if self._invoke(attributes, invocation, namespace, refusals):
                again += [earlier for earlier in done if earlier not in again]
                done.clear()
            if invocation.may_run_again:
                done.append(invocation)
        for invocation in again:
            self._invoke(attributes, invocation, namespace, refusals)
        if refusals:
            raise _denied(attributes, refusals)

    def _invocations(
        self, attributes: Attributes, namespace: Json | None, refusals: list[Refusal]
    ) -> Iterator[Invocation]:
        bindings = [entry.obj for entry in self.store.entries(BINDINGS)]
        for entry in self.store.entries(POLICIES):
            policy = entry.obj
            if not matches(policy["spec"].get("matchConstraints") or {}, attributes, namespace):
                continue
            for binding in bindings:
                if binding["spec"].get("policyName") != policy["metadata"]["name"]:
                    continue
                if matches(binding["spec"].get("matchResources") or {}, attributes, namespace):
                    try:
                        for params in params_of(self.rest, attributes, policy, binding):
                            yield Invocation(policy, binding, params)
                    except MissingParamsError as missing:
                        why = f"failed to configure binding: {missing}"
                        refusals += _refusal(Invocation(policy, binding, None), why, "Forbidden")

    def _invoke(
        self, attributes: Attributes, invocation: Invocation, namespace: Json | None, refusals: list[Refusal]
    ) -> bool:
        """Make all mutations of a policy; tells whether the object has changed."""
        policy, obj = invocation.policy, attributes.obj
        assert obj is not None  # noqa: S101 - admit looked
        before = clone(obj)
        for condition in policy["spec"].get("matchConditions") or ():
            held = evaluate(condition["expression"], values(attributes, namespace, invocation.params))
            if isinstance(held, Failed):
                refusals += _refusal(invocation, _failed(condition["expression"], held))
            if held is not True:
                return False
        for mutation in policy["spec"].get("mutations") or ():
            given = values(attributes, namespace, invocation.params)
            add_variables(policy, given)
            try:
                self._mutate(attributes, mutation, given)
            except MutationError as error:
                refusals += _refusal(invocation, str(error))
        changed = obj != before
        attributes.mutated = attributes.mutated or changed
        return changed

    def _mutate(self, attributes: Attributes, mutation: Json, given: Json) -> None:
        obj, resource = attributes.obj, attributes.resource
        assert obj is not None  # noqa: S101 - admit looked
        field = "applyConfiguration" if mutation.get("patchType") == "ApplyConfiguration" else "jsonPatch"
        expression = ((mutation.get(field) or {}).get("expression") or "").strip()
        found = _evaluated(expression, given)
        if field == "jsonPatch":
            new = _json_patched(obj, found)
            conformed = resource.conform(new)
            problem = conformed.type_error
            if not problem and conformed.strict_errors:
                problem = f"strict decoding error: {', '.join(conformed.strict_errors)}"
            if problem:
                details = {"causes": [{"message": problem}]}
                raise ApiError(500, "InternalError", f"Internal error occurred: {problem}", details)
            new = conformed.obj
        else:
            new = _configured(obj, found, resource.schema)
        resource.strategy.default(new)
        become(obj, new)


def _evaluated(expression: str, given: Json) -> Any:
    from k8s_tutor.apimachinery.cel.objects import rewritten  # brings CEL along: 50 ms

    written = rewritten(expression)
    found = evaluate(written.text, given, patches=True)
    if isinstance(found, Failed):
        raise MutationError(_failed(expression, found))
    if written.mismatch:
        raise MutationError(f"type mismatch: {written.mismatch}")
    return found


def _configured(obj: Json, found: Any, type: Any) -> Json:
    config: Json = found | {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind")}
    if type is None:
        raise MutationError("error applying patch: type converter must not be nil")
    if problem := complaints(config, type):
        raise MutationError(f"error applying patch: failed to convert patch object to typed object: {problem}")
    if places := ", ".join(atomics(config, type)):
        text = f"may not mutate atomic arrays, maps or structs: {places}"
        raise MutationError(f"error applying patch: invalid ApplyConfiguration: {text}")
    merged: Json = clone(merge(obj, config, type))
    return merged


def _json_patched(obj: Json, operations: Any) -> Json:
    try:
        new: Json = apply_json_patch(obj, operations)
    except PatchError as error:
        if str(error).startswith(TEST_FAILED):
            return clone(obj)
        raise MutationError(f"JSON Patch: {error}") from None
    return new


def _failed(expression: str, error: Failed) -> str:
    return f"expression '{expression}' resulted in error: {error}"


def _refusal(invocation: Invocation, why: str, reason: str = "Invalid") -> list[Refusal]:
    """Return message and reason of a refusal, unless the policy's failures are to be ignored."""
    if invocation.policy["spec"].get("failurePolicy") == "Ignore":
        return []
    policy, binding, _ = invocation.key
    return [(f"policy '{policy}' with binding '{binding}' denied request: {why}", reason)]


def _denied(attributes: Attributes, refusals: list[Refusal]) -> ApiError:
    error = forbidden(attributes.resource.plural, attributes.resource.group, attributes.name, "")
    error.message, error.reason = refusals[0]
    error.details = (error.details or {}) | {"causes": [{"message": message} for message, _ in refusals]}
    return error
