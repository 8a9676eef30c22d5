"""The EndpointSlice controller: the pods behind each Service, up to 100 a slice (upstream: ``pkg/controller/endpointslice``).

Slices are changed as little as possible: an endpoint stays in its slice, a new one goes where there is room.
"""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.endpointslice_hints import (
    DISABLED,
    ZONE,
    Planned,
    Topology,
    automatic,
    distribute,
)
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.pods import is_ready, is_terminating
from k8s_tutor.sim.controllers.serviceendpoints import (
    HEADLESS_LABEL,
    ServiceFollower,
    has_hostname,
    in_slice_order,
    is_endpoint,
    is_headless,
    note_trigger,
    ports_of,
    target,
)
from k8s_tutor.sim.machinery.meta import controller_of, controller_reference
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

SLICES = "endpointslices.discovery.k8s.io"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
MAX_ENDPOINTS = 100


class EndpointSliceController(ServiceFollower):
    """Keeps EndpointSlices."""

    name = "endpointslice-controller"
    retry = (1.0, 1000.0)

    def setup(self) -> None:
        super().setup()
        self.events = Recorder(self.clock, self.client, "endpoint-slice-controller")
        self._slices = owner_index(self.client.store, SLICES)
        self._topology = Topology()
        self.watch(SLICES, self._slice_changed)
        self.watch("nodes", self._node_changed)

    def _slice_changed(self, event: Event) -> None:
        """A slice that somebody else changed or deleted is put right."""
        owner = controller_of(event.obj)
        if owner and owner["kind"] == "Service" and event.type != "ADDED":
            self.queue.add((event.obj["metadata"]["namespace"], owner["name"]))

    def _node_changed(self, event: Event) -> None:
        """Zones' shares change with ready nodes, which may leave a zone with too few endpoints."""
        if event.type == "MODIFIED" and event.old is not None and _share(event.old.obj) == _share(event.obj):
            return
        for key in self._topology.look(self.client.list("nodes")):
            self.queue.add(key)

    def reconcile(self, namespace: str, name: str) -> None:
        service = self.client.get("services", name, namespace)
        if service is None:
            self.triggers.forget(namespace, name)
            self._topology.forget((namespace, name))
            return
        if service["spec"].get("type") == "ExternalName" or not service["spec"].get("selector"):
            return
        if is_terminating(service):
            return
        selected = self.selected(service)
        trigger = self.triggers.next(service, selected)
        pods = [pod for pod in selected if is_endpoint(pod, terminating=True)]
        self.crowd[namespace, name] = len(pods)
        wanted: dict[str, tuple[list[Json], list[Json]]] = {}
        skipped: list[str] = []
        for pod in pods:
            node = pod["spec"].get("nodeName", "")
            if not service["spec"].get("publishNotReadyAddresses") and self.client.get("nodes", node) is None:
                why = f"skipping Pod {pod['metadata']['name']} for Service {namespace}/{name}: Node {node} Not Found"
                skipped.append(why)
                continue
            ports = in_slice_order(ports_of(pod, service))
            wanted.setdefault(str(ports), (ports, []))[1].append(self._endpoint(service, pod))
        plans, gone = self._plan(service, wanted)
        self._add_hints(service, plans)
        for plan in plans:
            if plan.slice is None:
                self._create(service, plan.ports, plan.endpoints, trigger)
            elif plan.changed:
                self._update(service, plan.slice, plan.ports, plan.endpoints, trigger)
        for slice_ in gone:
            self._delete(slice_)
        if skipped:
            text = skipped[0] if len(skipped) == 1 else f"[{', '.join(skipped)}]"
            told = f"Error updating Endpoint Slices for Service {namespace}/{name}: {text}"
            self.events.event(service, "Warning", "FailedToUpdateEndpointSlices", told)
            raise ApiError(500, "InternalError", text)

    def _add_hints(self, service: Json, plans: Sequence[Planned]) -> None:
        key = (service["metadata"]["namespace"], service["metadata"]["name"])
        told = None
        if automatic(service):
            told = self._topology.add_hints(key, plans)
        else:
            if self._topology.forget(key):
                told = ("Warning", DISABLED)
            distribute(service, plans)
        if told is not None:
            reason = "TopologyAwareHintsEnabled" if told[0] == "Normal" else "TopologyAwareHintsDisabled"
            self.events.event(service, told[0], reason, f"{told[1]}, addressType: {_family(service)}")

    def _plan(
        self, service: Json, wanted: dict[str, tuple[list[Json], list[Json]]]
    ) -> tuple[list[Planned], list[Json]]:
        """Return the slices as they are to be, and those that are to go."""
        existing = self._slices.owned(service["metadata"]["uid"])
        if not wanted:  # one empty slice stays
            if not existing:
                return [Planned(None, [], [], changed=True)], []
            return [Planned(existing[0], [], [], changed=bool(existing[0].get("endpoints")))], existing[1:]
        by_ports: dict[str, list[Json]] = {}
        for slice_ in existing:
            by_ports.setdefault(str(slice_.get("ports") or []), []).append(slice_)
        kept = {key: by_ports.pop(key, []) for key in wanted}
        idle = [slice_ for slices in by_ports.values() for slice_ in slices]
        plans: list[Planned] = []
        gone: list[Json] = []
        for key, (ports, endpoints) in wanted.items():
            for plan in self._fill(service, kept[key], idle, ports, endpoints):
                if plan.endpoints:
                    plans.append(plan)
                elif plan.slice is not None:
                    gone.append(plan.slice)
        return plans, [*gone, *idle]

    def _endpoint(self, service: Json, pod: Json) -> Json:
        serving, terminating = is_ready(pod), is_terminating(pod)
        publish = bool(service["spec"].get("publishNotReadyAddresses"))
        conditions = {"ready": publish or (serving and not terminating), "serving": serving, "terminating": terminating}
        found: Json = {"addresses": [pod["status"]["podIP"]], "conditions": conditions, "targetRef": target(pod)}
        node_name = pod["spec"].get("nodeName")
        if node_name:
            found["nodeName"] = node_name
            node = self.client.get("nodes", node_name)
            zone = (node["metadata"].get("labels") or {}).get(ZONE) if node else None
            if zone:
                found["zone"] = zone
        if has_hostname(pod, service):
            found["hostname"] = pod["spec"]["hostname"]
        return found

    def _fill(
        self, service: Json, slices: Sequence[Json], idle: list[Json], ports: list[Json], endpoints: Sequence[Json]
    ) -> list[Planned]:
        """Place the endpoints of one set of ports; ``idle`` slices, of other ports, are taken before new ones are made."""
        wanted = {endpoint["targetRef"]["uid"]: endpoint for endpoint in endpoints}
        plans: list[Planned] = []
        for slice_ in slices:
            kept, before = [], slice_.get("endpoints") or ()
            changed = not self._labels_fit(service, slice_)
            for old in before:
                new = wanted.pop((old.get("targetRef") or {}).get("uid", ""), None)
                if new is not None:
                    same = {key: value for key, value in old.items() if key != "hints"} == new
                    kept.append(old if same else new)
                    changed = changed or not same
            plans.append(Planned(slice_, ports, kept, changed or len(kept) != len(before)))
        left = list(wanted.values())
        for plan in plans:
            room = MAX_ENDPOINTS - len(plan.endpoints)
            if left and room > 0:
                plan.endpoints.extend(left[:room])
                plan.changed = True
                left = left[room:]
        while left:
            plans.append(Planned(idle.pop(0) if idle else None, ports, left[:MAX_ENDPOINTS], changed=True))
            left = left[MAX_ENDPOINTS:]
        return plans

    def _labels(self, service: Json) -> dict[str, str]:
        labels = dict(service["metadata"].get("labels") or {})
        labels |= {SERVICE_NAME: service["metadata"]["name"], MANAGED_BY: MANAGER}
        if is_headless(service):
            labels[HEADLESS_LABEL] = ""
        else:
            labels.pop(HEADLESS_LABEL, None)
        return labels

    def _labels_fit(self, service: Json, slice_: Json) -> bool:
        return self._labels(service) == (slice_["metadata"].get("labels") or {})

    def _create(self, service: Json, ports: list[Json], endpoints: list[Json], trigger: str) -> None:
        meta = service["metadata"]
        slice_: Json = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": meta["name"] + "-",
                "namespace": meta["namespace"],
                "labels": self._labels(service),
                "ownerReferences": [controller_reference(service)],
            },
            "addressType": _family(service),
            "endpoints": endpoints or None,
            "ports": ports or None,
        }
        note_trigger(slice_["metadata"], trigger)
        try:
            self.client.create(SLICES, slice_)
        except ApiError as error:
            if error.code != 403:  # the namespace is going
                raise

    def _update(self, service: Json, slice_: Json, ports: list[Json], endpoints: list[Json], trigger: str) -> None:
        new = clone(slice_)
        new["ports"], new["endpoints"] = ports, endpoints
        new["metadata"]["labels"] = self._labels(service)
        note_trigger(new["metadata"], trigger)
        self.client.update(SLICES, new)

    def _delete(self, slice_: Json) -> None:
        try:
            self.client.delete(SLICES, slice_["metadata"]["name"], slice_["metadata"]["namespace"])
        except ApiError as error:
            if error.code != 404:
                raise


def _share(node: Json) -> tuple[bool, str | None]:
    return is_ready(node), (node["metadata"].get("labels") or {}).get(ZONE)


def _family(service: Json) -> str:
    return str((service["spec"].get("ipFamilies") or ["IPv4"])[0])
