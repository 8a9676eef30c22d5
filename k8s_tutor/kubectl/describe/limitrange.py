"""LimitRange."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.quotas import write_limits
from k8s_tutor.kubectl.describing.view import View

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a limit range."""
    view.heading(body, labels=False)
    view.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio")
    view.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------")
    write_limits(view, body, "")
