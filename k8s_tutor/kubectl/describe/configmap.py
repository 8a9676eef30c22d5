"""ConfigMap."""

import base64

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a config map."""
    view.heading(body)
    view.write(0, "\nData\n====\n")
    for key, value in sorted((body.get("data") or {}).items()):
        view.write(0, f"{key}:\n----\n{value}\n\n")
    view.write(0, "\nBinaryData\n====\n")
    for key, value in sorted((body.get("binaryData") or {}).items()):
        view.line(0, f"{key}: {len(base64.b64decode(value))} bytes")
    view.line(0, "")
    write_events(view, body)
