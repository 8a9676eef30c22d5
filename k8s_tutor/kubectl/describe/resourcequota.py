"""ResourceQuota."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.quotas import write_scopes, write_usage
from k8s_tutor.kubectl.describing.view import View

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a quota."""
    view.heading(body, labels=False)
    write_scopes(view, body, 0, " * ")
    view.line(0, "Resource\tUsed\tHard")
    view.line(0, "--------\t----\t----")
    write_usage(view, body, 0)
