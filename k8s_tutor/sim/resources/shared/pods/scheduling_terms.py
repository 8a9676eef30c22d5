"""What a pod asks of the scheduler: affinities, tolerations, spreading, gates (upstream: ``core/validation``)."""

import re

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import Typed
from k8s_tutor.sim.resources.shared.label_checks import EXISTENCE_OPERATORS, SET_OPERATORS, check_selector

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
SPREAD_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_BAD_OPERATOR = "not a valid selector operator"
_IN_BOTH = "exists in both matchLabelKeys and "


def check_node_selector(v: At) -> None:
    """Check a NodeSelector (required node affinity of pods and volumes)."""
    if not v.get("nodeSelectorTerms"):
        v.required("nodeSelectorTerms", "must have at least one node selector term")
    for term in v.each("nodeSelectorTerms"):
        _check_node_term(term, values=True)


def _check_node_term(v: At, *, values: bool) -> None:
    for item in v.each("matchExpressions"):
        _check_node_expression(item, values=values)
    for item in v.each("matchFields"):
        _check_node_field(item)


def _check_node_expression(v: At, *, values: bool) -> None:
    operator, given = v.text("operator"), v.get("values") or ()
    if operator in SET_OPERATORS:
        if not given:
            v.required("values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in EXISTENCE_OPERATORS:
        if given:
            v.forbidden("values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in ("Gt", "Lt"):
        if len(given) != 1:
            v.required("values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        v.invalid("operator", _BAD_OPERATOR, Typed(operator))
    v.judge("key", names.is_qualified_name)
    if values:
        for value in v.each("values"):
            value.judge("", names.is_label_value)


def _check_node_field(v: At) -> None:
    operator = v.text("operator")
    if operator not in SET_OPERATORS:
        v.invalid("operator", _BAD_OPERATOR, Typed(operator))
    elif len(v.get("values") or ()) != 1:
        v.required("values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    if v.text("key") != "metadata.name":
        v.invalid_text("key", "not a valid field selector key")
        return
    for value in v.each("values"):
        value.judge("", names.is_dns1123_subdomain)


def check_affinity(v: At) -> None:
    """Check a pod's affinity."""
    node = v.at("nodeAffinity")
    if node.get(_REQUIRED) is not None:
        check_node_selector(node.at(_REQUIRED))
    for item in node.each(_PREFERRED):
        _check_weight(item)
        _check_node_term(item.at("preference"), values=False)
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = v.at(kind)
        for item in affinity.each(_REQUIRED):
            _check_pod_term(item)
        for item in affinity.each(_PREFERRED):
            _check_weight(item)
            _check_pod_term(item.at("podAffinityTerm"))


def _check_weight(v: At) -> None:
    if not 0 < v.number("weight") <= 100:
        v.invalid("weight", "must be in the range 1-100", v.number("weight"))


def _check_pod_term(v: At) -> None:
    check_selector(v.at("labelSelector"))
    check_selector(v.at("namespaceSelector"))
    for name in v.get("namespaces") or ():
        v.judge("namespace", names.is_dns1123_label, name)
    _check_label_keys(v, v.get("matchLabelKeys") or [], v.get("mismatchLabelKeys") or [])
    v.need("topologyKey", "can not be empty")
    v.judge("topologyKey", names.is_qualified_name)


def _check_label_keys(v: At, match: list[str], mismatch: list[str]) -> None:
    selector = v.get("labelSelector")
    for field, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if keys and selector is None:
            v.forbidden(field, "must not be specified when labelSelector is not set")
        elif keys:
            for item in v.each(field):
                item.judge("", names.is_qualified_name)
    if selector:
        known = set(selector.get("matchLabels") or ())
        for expression in selector.get("matchExpressions") or ():
            key = expression.get("key", "")
            if key in match and key in known:
                v.index(match.index(key)).invalid("", f"{_IN_BOTH}labelSelector", key)
            known.add(key)
    for number, key in enumerate(match):
        if key in mismatch:
            v.at("matchLabelKeys").index(number).invalid("", f"{_IN_BOTH}mismatchLabelKeys", key)


def check_effect(v: At) -> None:
    """Check the effect of a taint or toleration."""
    v.one_of("effect", EFFECTS)


def check_tolerations(v: At) -> None:
    """Check a list of tolerations."""
    for item in v.items():
        item.judge_if("key", names.is_qualified_name)
        operator, value = item.text("operator"), item.text("value")
        if not item.text("key") and operator != "Exists":
            detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            item.invalid("operator", detail, Typed(operator))
        if item.get("tolerationSeconds") is not None and item.text("effect") != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            item.invalid("effect", detail, Typed(item.text("effect")))
        if operator in ("", "Equal"):
            complaints = names.is_label_value(value)
            if complaints:
                item.invalid("operator", ";".join(complaints), value)
        elif operator == "Exists":
            if value:
                item.invalid("operator", "value must be empty when `operator` is 'Exists'", value)
        elif operator in ("Lt", "Gt"):
            item.unsupported("operator", ("Equal", "Exists", "Lt", "Gt"))
        else:
            item.unsupported("operator", ("Equal", "Exists"))
        if item.text("effect"):
            check_effect(item)


def check_spread(v: At) -> None:
    """Check the topology spread constraints."""
    constraints = v.value or ()
    for number, item in enumerate(v.items()):
        action = item.text("whenUnsatisfiable")
        if item.number("maxSkew") <= 0:
            item.invalid("maxSkew", "must be greater than zero", item.number("maxSkew"))
        item.need("topologyKey", "can not be empty")
        item.one_of("whenUnsatisfiable", SPREAD_ACTIONS)
        pair = (item.text("topologyKey"), action)
        if any((o.get("topologyKey", ""), o.get("whenUnsatisfiable", "")) == pair for o in constraints[number + 1 :]):
            item.duplicate("{topologyKey, whenUnsatisfiable}", f"{{{pair[0]}, {pair[1]}}}")
        domains = item.get("minDomains")
        if domains is not None:
            if domains <= 0:
                item.invalid("minDomains", "must be greater than zero")
            if action != "DoNotSchedule":
                detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                item.invalid("minDomains", detail)
        item.one_of_if("nodeAffinityPolicy", ("Honor", "Ignore"))
        item.one_of_if("nodeTaintsPolicy", ("Honor", "Ignore"))
        _check_label_keys(item, item.get("matchLabelKeys") or [], [])
        check_selector(item.at("labelSelector"))


def check_gates(v: At) -> None:
    """Check readiness and scheduling gates of a pod's spec."""
    for item in v.each("readinessGates"):
        item.judge("conditionType", names.is_qualified_name)
    seen: set[str] = set()
    for item in v.each("schedulingGates"):
        name = item.text("name")
        item.judge("", names.is_qualified_name, name)
        if name in seen:
            item.duplicate("", name)
        seen.add(name)


_DELETION_COST = re.compile(r"0|-?[1-9]\d*")


def deletion_cost_ok(text: str) -> bool:
    """Tell whether the annotation of a pod's deletion cost is a 32 bit integer."""
    return bool(_DELETION_COST.fullmatch(text)) and -(2**31) <= int(text) < 2**31


def merge_label_keys(spec: Json, labels: Json) -> None:
    """Turn ``matchLabelKeys`` of a new pod into expressions of its selectors, as the pod strategy does on creation."""
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(kind) or {}
        terms = list(affinity.get(_REQUIRED) or ())
        terms += [item.get("podAffinityTerm") or {} for item in affinity.get(_PREFERRED) or ()]
        for term in terms:
            _merge(term, labels, "matchLabelKeys", "In")
            _merge(term, labels, "mismatchLabelKeys", "NotIn")
    for constraint in spec.get("topologySpreadConstraints") or ():
        _merge(constraint, labels, "matchLabelKeys", "In")


def _merge(term: Json, labels: Json, field: str, operator: str) -> None:
    keys, selector = term.get(field), term.get("labelSelector")
    if not keys or selector is None:
        return
    for key in keys:
        if key in labels:
            expression = {"key": key, "operator": operator, "values": [labels[key]]}
            selector.setdefault("matchExpressions", []).append(expression)
