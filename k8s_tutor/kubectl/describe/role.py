"""Role."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.rules import rows
from k8s_tutor.kubectl.describing.view import View

GROUP = "rbac.authorization.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe a role."""
    view.heading(body, namespace=False)
    view.line(0, "PolicyRule:")
    view.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs")
    view.line(1, "---------\t-----------------\t--------------\t-----")
    for row in rows(body.get("rules")):
        view.line(1, "\t".join(row))
