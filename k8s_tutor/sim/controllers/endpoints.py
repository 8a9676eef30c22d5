"""The Endpoints controller, for the older API (upstream: ``pkg/controller/endpoint``): at most 1,000 addresses."""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.pods import is_ready, is_terminating
from k8s_tutor.sim.controllers.serviceendpoints import (
    HEADLESS_LABEL,
    ServiceFollower,
    has_hostname,
    is_endpoint,
    is_headless,
    note_trigger,
    ports_of,
    target,
)
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
CAPACITY = 1000


class EndpointsController(ServiceFollower):
    """Keeps Endpoints."""

    name = "endpoint-controller"

    def setup(self) -> None:
        super().setup()
        self.watch("endpoints", self._endpoints_changed)

    def _endpoints_changed(self, event: Event) -> None:
        """What somebody deletes is made again."""
        if event.type == "DELETED":
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        service = self.client.get("services", name, namespace)
        if service is None:
            self.triggers.forget(namespace, name)
            if self.client.get("endpoints", name, namespace) is not None:
                self.client.delete("endpoints", name, namespace)
            return
        if service["spec"].get("type") == "ExternalName" or not service["spec"].get("selector"):
            return
        if is_terminating(service):
            return
        publish = bool(service["spec"].get("publishNotReadyAddresses"))
        selected = self.selected(service)
        trigger = self.triggers.next(service, selected)
        pods = [pod for pod in selected if is_endpoint(pod, terminating=publish)]
        self.crowd[namespace, name] = len(pods)
        subsets, over = self._subsets(service, pods, publish=publish)
        labels = dict(service["metadata"].get("labels") or {}) | {MANAGED_BY: MANAGER}
        if is_headless(service):
            labels[HEADLESS_LABEL] = ""
        old = self.client.get("endpoints", name, namespace)
        if (
            old is not None
            and (old.get("subsets") or []) == subsets
            and (old["metadata"].get("labels") or {}) == labels
        ):
            return
        new: Json = clone(old) if old else {"apiVersion": "v1", "kind": "Endpoints", "metadata": {}}
        new["metadata"] |= {"name": name, "namespace": namespace, "labels": labels}
        annotations = new["metadata"].setdefault("annotations", {})
        annotations.pop(OVER_CAPACITY, None)
        if over:
            annotations[OVER_CAPACITY] = "truncated"
        note_trigger(new["metadata"], trigger)
        if subsets:
            new["subsets"] = subsets
        else:
            new.pop("subsets", None)
        self._write(old, new)

    def _write(self, old: Json | None, new: Json) -> None:
        try:
            if old is None:
                self.client.create("endpoints", new)
            else:
                self.client.update("endpoints", new)
        except ApiError as error:
            if old is not None or error.code != 403:  # the namespace is going
                raise

    def _subsets(self, service: Json, pods: list[Json], *, publish: bool) -> tuple[list[Json], bool]:
        """Return the addresses, grouped by their ports; and whether some were left out."""
        ports_wanted = bool(service["spec"].get("ports"))
        groups: dict[str, Json] = {}
        count = 0
        for pod in sorted(pods, key=lambda pod: (pod["status"]["podIP"], pod["metadata"]["uid"])):
            ports = sorted(ports_of(pod, service), key=lambda port: (port["name"], port["port"]))
            if ports_wanted and not ports:
                continue
            count += 1
            if count > CAPACITY:
                return list(groups.values()), True
            ready = publish or is_ready(pod)
            address: Json = {"ip": pod["status"]["podIP"], "targetRef": target(pod)}
            if pod["spec"].get("nodeName"):
                address["nodeName"] = pod["spec"]["nodeName"]
            if has_hostname(pod, service):
                address["hostname"] = pod["spec"]["hostname"]
            named = [{key: value for key, value in port.items() if value != ""} for port in ports]
            group = groups.setdefault(str(named), {})
            group.setdefault("addresses" if ready else "notReadyAddresses", []).append(address)
            if named:
                group["ports"] = named
        return list(groups.values()), False
