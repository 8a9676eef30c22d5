"""RoleBinding."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View

GROUP = "rbac.authorization.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe a role binding."""
    view.heading(body, namespace=False)
    role = body.get("roleRef") or {}
    view.line(0, "Role:")
    view.field(1, "Kind", role.get("kind", ""))
    view.field(1, "Name", role.get("name", ""))
    view.line(0, "Subjects:")
    view.line(1, "Kind\tName\tNamespace")
    view.line(1, "----\t----\t---------")
    for subject in body.get("subjects") or ():
        view.line(1, f"{subject.get('kind', '')}\t{subject.get('name', '')}\t{subject.get('namespace', '')}")
