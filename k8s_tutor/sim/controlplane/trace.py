"""The way of a write through the control plane: who did what to which object, when.

A ring of the last steps, written by the API server (authentication, authorization, admission, storage) and by every
component that writes, so that a lesson can show how one ``kubectl create`` becomes running containers.
"""

from collections import deque

from k8s_tutor.apimachinery.times import rfc3339_micro
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.store import Event, Store

LENGTH = 500
QUIET = frozenset(("leases.coordination.k8s.io", "events"))


class Trace:
    """Remembers the last steps."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._clock = clock
        self._steps: deque[tuple[float, str, str, str]] = deque(maxlen=LENGTH)
        store.subscribe(None, self._stored)

    def add(self, component: str, step: str, what: str) -> None:
        """Remember one step."""
        self._steps.append((self._clock.now(), component, step, what))

    def items(self) -> list[Json]:
        """Return the steps, the oldest first."""
        return [
            {"time": rfc3339_micro(when), "component": component, "step": step, "object": what}
            for when, component, step, what in self._steps
        ]

    def _stored(self, event: Event) -> None:
        if event.resource in QUIET:
            return
        meta = event.obj["metadata"]
        managers = meta.get("managedFields") or ()
        last = max(managers, key=lambda entry: entry.get("time", ""))["manager"] if managers else ""
        name = "/".join(filter(None, (event.resource, meta.get("namespace"), meta["name"])))
        self._steps.append((self._clock.now(), last or "kube-apiserver", f"watch event {event.type}", name))
