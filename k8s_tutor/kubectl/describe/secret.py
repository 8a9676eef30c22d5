"""Secret: what it holds, never the values."""

import base64

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a secret."""
    view.heading(body)
    view.line(0, f"\nType:\t{body.get('type', '')}")
    view.write(0, "\nData\n====\n")
    for key, value in sorted((body.get("data") or {}).items()):
        data = base64.b64decode(value)
        if key == "token" and body.get("type") == "kubernetes.io/service-account-token":
            view.line(0, f"{key}:\t{data.decode('utf-8', 'replace')}")
        else:
            view.line(0, f"{key}:\t{len(data)} bytes")
