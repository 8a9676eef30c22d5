"""The device taint eviction controller: NoExecute taints of devices drive off the pods that hold them.

A taint comes from the driver's ResourceSlice or from a DeviceTaintRule. It counts from ``timeAdded``, and the tolerations
with which a device was allocated put it off, by the shortest ``tolerationSeconds`` that applies, or for good (upstream:
``pkg/controller/devicetainteviction``).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.evicting import evict
from k8s_tutor.sim.controllers.pods import is_terminating
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.scheduler.devices.claims import CLAIMS, allocation_of, is_reserved_for, names_of
from k8s_tutor.sim.scheduler.devices.taints import RULES, with_rules
from k8s_tutor.sim.scheduler.devices.wanted import tolerates

if TYPE_CHECKING:
    from k8s_tutor.sim.timers import Timer

SLICES = "resourceslices.resource.k8s.io"
NO_EXECUTE = "NoExecute"
MESSAGE = "Device Taint manager: deleting due to NoExecute taint"


class DeviceTaintEvictionController(Controller):
    """Evicts pods from their devices."""

    name = "device-taint-eviction-controller"

    def setup(self) -> None:
        self._timers: dict[str, Timer] = {}
        self.watch("pods", self._pod_changed)
        for resource in (CLAIMS, SLICES, RULES):
            self.watch(resource, self._devices_changed)

    def stop(self) -> None:
        super().stop()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _pod_changed(self, event: Event) -> None:
        if event.type == "DELETED":
            self._cancel(event.obj["metadata"]["uid"])
        elif event.obj["spec"].get("nodeName") and next(names_of(event.obj), None):
            self.enqueue(event.obj)

    def _devices_changed(self, event: Event) -> None:
        if event.resource == SLICES and not _has_taints(event):
            return
        for pod in self.client.list("pods", event.obj["metadata"].get("namespace")):
            if pod["spec"].get("nodeName") and next(names_of(pod), None):
                self.enqueue(pod)

    def reconcile(self, namespace: str, name: str) -> None:
        pod = self.client.get("pods", name, namespace)
        if pod is None or is_terminating(pod):
            return
        uid, when = pod["metadata"]["uid"], self._when(pod)
        running = uid in self._timers
        self._cancel(uid)
        if when is None:
            if running:
                self.events.event(pod, "Normal", "DeviceTaintManagerEviction", "Cancelling deletion")
        elif when <= self.clock.now():
            self._evict(pod)
        else:
            self._timers[uid] = self.clock.call_later(when - self.clock.now(), self.queue.add, (namespace, name))

    def _cancel(self, uid: str) -> None:
        timer = self._timers.pop(uid, None)
        if timer is not None:
            timer.cancel()

    def _evict(self, pod: Json) -> None:
        self.events.event(pod, "Normal", "DeviceTaintManagerEviction", "Marking for deletion")
        evict(self.client, pod, "DeletionByDeviceTaintManager", MESSAGE, rfc3339(self.clock.now()))

    def _when(self, pod: Json) -> float | None:
        """Return when a pod has to go, or None: it may stay."""
        namespace = pod["metadata"]["namespace"]
        claims = (self.client.get(CLAIMS, name, namespace) for name in names_of(pod))
        held = [claim for claim in claims if claim is not None and is_reserved_for(claim, pod)]
        taints = {(item[0], item[1], item[2]): item[3] for item in self._taints()} if held else {}
        times = [
            when
            for claim in held
            for result in (allocation_of(claim) or {}).get("devices", {}).get("results") or ()
            for taint in taints.get((result["driver"], result["pool"], result["device"]), ())
            if (when := _due(taint, result)) is not None
        ]
        return min(times, default=None)

    def _taints(self) -> Iterator[tuple[str, str, str, list[Json]]]:
        """Yield the devices with taints that drive off."""
        for item in with_rules(self.client, self.client.list(SLICES)):
            spec = item["spec"]
            for device in spec.get("devices") or ():
                found = [taint for taint in device.get("taints") or () if taint["effect"] == NO_EXECUTE]
                if found:
                    yield spec["driver"], spec["pool"]["name"], device["name"], found


def _has_taints(event: Event) -> bool:
    objects = [event.obj, *((event.old.obj,) if event.old else ())]
    return any(device.get("taints") for obj in objects for device in obj["spec"].get("devices") or ())


def _due(taint: Json, result: Json) -> float | None:
    """Return when a taint takes a device away from whoever was given it; None: never."""
    added = parse_time(taint["timeAdded"])
    covering = [
        item for item in result.get("tolerations") or () if item.get("effect") == NO_EXECUTE and tolerates(item, taint)
    ]
    limits = [item.get("tolerationSeconds") for item in covering]
    if None in limits:
        return None
    return added + min((max(0, int(limit)) for limit in limits if limit is not None), default=0)
