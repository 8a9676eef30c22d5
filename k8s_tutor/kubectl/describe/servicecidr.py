"""ServiceCIDR."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import long_time

GROUP = "networking.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe a range of Service addresses."""
    view.heading(body, namespace=False)
    view.field(0, "CIDRs", ", ".join(body.get("spec", {}).get("cidrs") or ()))
    conditions = (body.get("status") or {}).get("conditions")
    if conditions:
        view.line(0, "Status:\nConditions:")
        view.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage")
        view.line(1, "----\t------\t------------------\t------\t-------")
        for one in conditions:
            when = long_time(one.get("lastTransitionTime"))
            words = [one.get("type", ""), one.get("status", ""), when, one.get("reason", ""), one.get("message", "")]
            view.line(1, "\t".join(words))
    write_events(view, body)
