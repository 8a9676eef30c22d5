"""Labels of nodes that are no longer to be used (upstream: ``api/node/util.go``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json

_DEPRECATED = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def deprecated_label(key: str) -> str:
    """Return what to say about a label's key, or ""."""
    return _DEPRECATED.get(key, "")


def term_warnings(path: str, term: Json, *, check_values: bool) -> list[str]:
    """Return the warnings about one term of a node selector."""
    found = []
    for number, expression in enumerate(term.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        at = f"{path}.matchExpressions[{number}]"
        if deprecated_label(key):
            found.append(f"{at}.key: {key} is {deprecated_label(key)}")
        for index, value in enumerate(expression.get("values") or () if check_values else ()):
            found += [f"{at}.values[{index}]: {value} is invalid, {text}" for text in names.is_label_value(value)]
    return found
