"""PodDisruptionBudget."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import label_selector

GROUP = "policy"


def describe(view: View, body: Json) -> None:
    """Describe a budget."""
    spec, status = body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    if spec.get("minAvailable") is not None:
        view.field(0, "Min available", spec["minAvailable"])
    elif spec.get("maxUnavailable") is not None:
        view.field(0, "Max unavailable", spec["maxUnavailable"])
    view.field(0, "Selector", label_selector(spec["selector"]) if spec.get("selector") is not None else "<unset>")
    view.line(0, "Status:")
    for title, key in (
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ):
        view.field(2, title, status.get(key, 0))
    write_events(view, body)
