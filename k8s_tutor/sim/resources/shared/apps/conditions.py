"""Conditions of the generic form ``metav1.Condition`` (apimachinery ``ValidateConditions``)."""

import re

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At

_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_match = re.compile(_REASON).fullmatch


def reason_complaints(text: str) -> list[str]:
    """Judge the reason of a condition."""
    if _match(text):
        return []
    rule = (
        "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
        "characters or '_,:', and must end with an alphanumeric character or '_'"
    )
    examples = ("my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")
    return [names.regex_error(rule, _REASON, *examples)]


def check_conditions(v: At) -> None:
    """Check ``conditions`` of a status (the cursor stands at the status)."""
    seen: set[str] = set()
    for condition in v.each("conditions"):
        kind = condition.text("type")
        if kind in seen:
            condition.duplicate("", kind)
        seen.add(kind)
        if not kind:
            condition.required("type", "is required")
        else:
            condition.judge("type", names.is_qualified_name)
        condition.one_of("status", ("False", "True", "Unknown"), required=True)
        if condition.number("observedGeneration") < 0:
            condition.invalid("observedGeneration", "must be greater than or equal to zero")
        condition.need("lastTransitionTime")
        if condition.need("reason"):
            condition.judge("reason", reason_complaints)
            if len(condition.text("reason")) > 1024:
                condition.too_long("reason", 1024)
        if len(condition.text("message")) > 32 * 1024:
            condition.too_long("message", 32 * 1024)
