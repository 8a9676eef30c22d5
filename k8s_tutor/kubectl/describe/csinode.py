"""CSINode."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import go_list, long_time

GROUP = "storage.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe a node's CSI drivers."""
    view.heading(body, namespace=False)
    view.field(0, "CreationTimestamp", long_time(body["metadata"].get("creationTimestamp")))
    view.line(0, "Spec:")
    drivers = body.get("spec", {}).get("drivers")
    if drivers is not None:
        view.line(1, "Drivers:")
    for driver in drivers or ():
        view.line(2, f"{driver.get('name', '')}:")
        view.field(3, "Node ID", driver.get("nodeID", ""))
        if (driver.get("allocatable") or {}).get("count") is not None:
            view.line(3, "Allocatables:")
            view.field(4, "Count", driver["allocatable"]["count"])
        if driver.get("topologyKeys") is not None:
            view.field(3, "Topology Keys", go_list(driver["topologyKeys"]))
    write_events(view, body)
