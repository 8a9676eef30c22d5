"""Whether a node's labels, name and taints suit a pod (upstream: ``component-helpers/scheduling/corev1``)."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from k8s_tutor.apimachinery.labels import Requirement, Selector, SelectorError, requirement
from k8s_tutor.apimachinery.unstructured import Json

Match = Callable[[str, Mapping[str, str]], bool]

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}
NO_SCHEDULE = frozenset({"NoSchedule", "NoExecute"})


def compile_term(term: Json) -> Match | None:
    """Return the test of one NodeSelectorTerm, on a node's name and labels; None for an empty term, which matches none."""
    expressions = term.get("matchExpressions") or ()
    fields = term.get("matchFields") or ()
    if not expressions and not fields:
        return None
    try:
        selector = Selector(_requirement(item) for item in expressions)
    except (SelectorError, KeyError):
        return None

    def match(name: str, labels: Mapping[str, str]) -> bool:
        for item in fields:
            values = item.get("values") or ()
            if (name in values) != (item["operator"] == "In"):
                return False
        return selector.matches(labels)

    return match


def _requirement(item: Json) -> Requirement:
    return requirement(item["key"], _OPERATORS[item["operator"]], item.get("values") or ())


def complaints(term: Json, path: str) -> list[str]:
    """Return what is wrong with the expressions of a NodeSelectorTerm."""
    found: list[str] = []
    for index, item in enumerate(term.get("matchExpressions") or ()):
        try:
            _requirement(item)
        except SelectorError as error:
            found += [f"{path}.matchExpressions[{index}].{one}" for one in error.complaints]
    return found


def required_affinity(spec: Json) -> Match | None:
    """Return the test of ``nodeSelector`` and required node affinity; None if every node suits."""
    selector = spec.get("nodeSelector")
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not selector and required is None:
        return None
    wanted = tuple((selector or {}).items())
    terms = None
    if required is not None:
        terms = [match for term in required.get("nodeSelectorTerms") or () if (match := compile_term(term))]

    def matches(name: str, labels: Mapping[str, str]) -> bool:
        for key, value in wanted:
            if labels.get(key) != value:
                return False
        return terms is None or any(match(name, labels) for match in terms)

    return matches


def selector_matches(selector: Json, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a NodeSelector object (of a PersistentVolume's node affinity) matches."""
    terms = (compile_term(term) for term in selector.get("nodeSelectorTerms") or ())
    return any(match(name, labels) for match in terms if match)


def tolerates(toleration: Json, taint: Json) -> bool:
    """Tell whether one toleration covers one taint."""
    effect = toleration.get("effect")
    if effect and effect != taint.get("effect"):
        return False
    key = toleration.get("key")
    if key and key != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    if operator == "Equal":
        return bool(key) and (toleration.get("value") or "") == (taint.get("value") or "")
    return _compares(operator, toleration.get("value"), taint.get("value"))


def _compares(operator: str, mine: str | None, theirs: str | None) -> bool:
    """Compare as numbers: the operators Lt and Gt of tolerations."""
    try:
        bound, value = int(mine or ""), int(theirs or "")
    except ValueError:
        return False
    return value < bound if operator == "Lt" else operator == "Gt" and value > bound


def untolerated(
    taints: Iterable[Json], tolerations: Sequence[Json], effects: frozenset[str] = NO_SCHEDULE
) -> Json | None:
    """Return the first taint of one of these effects that no toleration covers."""
    for taint in taints:
        if taint.get("effect") in effects and not any(tolerates(item, taint) for item in tolerations):
            return taint
    return None
