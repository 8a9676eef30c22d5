"""ServiceAccount."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View

GROUP = ""
TITLE = "Image pull secrets:"


def describe(view: View, body: Json) -> None:
    """Describe a service account."""
    view.heading(body)
    names = [one.get("name", "") for one in body.get("imagePullSecrets") or ()]
    for at, name in enumerate(names or ["<none>"]):
        view.line(0, f"{' ' * len(TITLE) if at else TITLE}\t{name}")
    write_events(view, body)
