"""ResourceQuota."""

from k8s_tutor.kubectl.describing.quotas import write_scopes, write_usage
from k8s_tutor.kubectl.describing.view import Body, View

GROUP = ""


def describe(view: View, body: Body) -> None:
    """Describe a quota."""
    view.heading(body, labels=False)
    write_scopes(view, body, 0, " * ")
    view.line(0, "Resource\tUsed\tHard")
    view.line(0, "--------\t----\t----")
    write_usage(view, body, 0)
