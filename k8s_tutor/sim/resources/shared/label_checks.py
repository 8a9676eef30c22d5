"""Labels and label selectors as values to be checked (apimachinery ``apis/meta/v1/validation``)."""

from collections.abc import Mapping
from typing import Any

from k8s_tutor.apimachinery import labels, names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import Struct

SET_OPERATORS = ("In", "NotIn")
EXISTENCE_OPERATORS = ("Exists", "DoesNotExist")


def check_labels(v: At) -> None:
    """Check a map of labels; all complaints are about the map."""
    for key, value in (v.value or {}).items():
        v.judge("", names.is_qualified_name, key)
        v.judge("", names.is_label_value, value)


def check_selector(v: At) -> None:
    """Check a LabelSelector."""
    if not v.value:
        return
    check_labels(v.at("matchLabels"))
    for requirement in v.each("matchExpressions"):
        check_requirement(requirement)


def check_requirement(v: At, *, any_operator: bool = False) -> None:
    """Check one expression of a LabelSelector."""
    operator, values = v.text("operator"), v.get("values") or ()
    if operator in SET_OPERATORS:
        if not values:
            v.required("values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in EXISTENCE_OPERATORS:
        if values:
            v.forbidden("values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif not any_operator:
        v.invalid_text("operator", "not a valid selector operator")
    v.judge("key", names.is_qualified_name)
    for value in v.each("values"):
        value.judge("", names.is_label_value)


def parse(selector: Json | None) -> labels.Selector | None:
    """Return the selector of a LabelSelector, or None where it is not valid."""
    try:
        return labels.from_label_selector(selector)
    except labels.SelectorError:
        return None


def empty(selector: Mapping[str, Any] | None) -> bool:
    """Tell whether a selector names no condition."""
    return not selector or not (selector.get("matchLabels") or selector.get("matchExpressions"))


def shown(selector: Json | None) -> Any:
    """Return a LabelSelector in the order in which Go prints it."""
    if selector is None:
        return None
    out = Struct()
    if selector.get("matchLabels"):
        out["matchLabels"] = selector["matchLabels"]
    if selector.get("matchExpressions"):
        out["matchExpressions"] = [
            Struct(
                {"key": item.get("key", ""), "operator": item.get("operator", "")}
                | ({"values": item["values"]} if item.get("values") else {})
            )
            for item in selector["matchExpressions"]
        ]
    return out
