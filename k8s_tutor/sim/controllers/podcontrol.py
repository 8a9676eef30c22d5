"""Pods made and deleted in an owner's name, and the events that tell of it.

Upstream: ``RealPodControl`` of ``controller_utils.go``, and ``slowStartBatch`` of ``replica_set.go``.
"""

from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import from_template
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient


def ends_with_namespace(error: ApiError) -> bool:
    """Tell whether a creation was refused because its namespace is being deleted: then there is nothing to tell."""
    causes = (error.details or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def slow_start(count: int, create: Callable[[int], ApiError | None]) -> tuple[int, ApiError | None]:
    """Create in batches that double while all goes well, so that what refuses one does not have to refuse hundreds.

    Args:
        count: how many.
        create: makes the nth; returns what went wrong.

    Returns:
        How many were made, and the first failure.
    """
    begun, made, batch = 0, 0, 1
    failure: ApiError | None = None
    while begun < count and failure is None:
        for number in range(begun, min(begun + batch, count)):
            error = create(number)
            made += error is None
            failure = failure or error
        begun += batch
        batch *= 2
    return made, failure


class PodControl:
    """Creates and deletes the pods of a controller.

    Args:
        client: the controller's.
        events: the controller's.
    """

    def __init__(self, client: LocalClient, events: Recorder) -> None:
        self._client = client
        self._events = events

    def create(self, owner: Json, template: Json, prefix: str = "") -> ApiError | None:
        """Make a pod of a template; ``prefix``: of its name, if it is not the owner's."""
        try:
            pod = self._client.create("pods", from_template(template, owner, prefix))
        except ApiError as error:
            if not ends_with_namespace(error):
                self._events.event(owner, "Warning", "FailedCreate", f"Error creating: {error.message}")
            return error
        self._events.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return None

    def delete(self, owner: Json, pod: Json) -> ApiError | None:
        """Delete a pod; one that is gone already is no failure, and nothing to tell."""
        meta = pod["metadata"]
        try:
            self._client.delete("pods", meta["name"], meta["namespace"])
        except ApiError as error:
            if error.code == 404:
                return None
            self._events.event(owner, "Warning", "FailedDelete", f"Error deleting: {error.message}")
            return error
        self._events.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {meta['name']}")
        return None
