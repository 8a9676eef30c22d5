"""APIServices: one for each version of each custom group, and whether those that others serve can be reached.

Mirrors kube-aggregator's controllers (``pkg/controllers/status``, ``autoregister``) and what its proxy handler needs to know.
What this server serves itself is always available, the metrics add-on included.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controlplane.endpoints import APISERVER
from k8s_tutor.sim.machinery.pending import attempt
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.ticking import never

if TYPE_CHECKING:
    from k8s_tutor.sim.network import Network

API_SERVICES = "apiservices.apiregistration.k8s.io"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
SLICES = "endpointslices.discovery.k8s.io"
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
GROUP_PRIORITY, VERSION_PRIORITY = 1000, 100
RESYNC_SECONDS, PATIENCE = 30.0, 5.0
LOCAL = ("True", "Local", "Local APIServices are always available")
PASSED = ("True", "Passed", "all checks passed")
Finding = tuple[str, str, str]


class Aggregation:
    """Keeps the APIServices of custom groups, and the condition ``Available`` of all.

    Args:
        rest: the storage.
        network: through which other servers are asked.
    """

    def __init__(self, rest: Rest, network: Callable[[], "Network"]) -> None:
        self._client = LocalClient(rest, APISERVER, "kube-apiserver")
        self._rest = rest
        self._clock = rest.store.clock
        self._network = network
        self._ends: list[Callable[[], None]] = []
        self._remote: set[str] = set()

    def start(self) -> None:
        """Look at what is there, and at every change."""
        watch = self._client.watch
        self._ends = [
            watch(DEFINITIONS, self._defined),
            watch(API_SERVICES, self._changed),
            watch("services", self._others_changed),
            watch(SLICES, self._others_changed),
            self._clock.every(RESYNC_SECONDS, self._resync, silent=True, limit=self._in_vain).cancel,
        ]

    def stop(self) -> None:
        """Look no more."""
        for end in self._ends:
            end()

    def _in_vain(self) -> float:
        return self._clock.now() if self._remote else never()

    # -- APIServices of custom groups

    def _defined(self, event: Event) -> None:
        group = event.obj["spec"]["group"]
        wanted = {
            version["name"]
            for definition in self._client.list(DEFINITIONS)
            if definition["spec"]["group"] == group
            for version in definition["spec"]["versions"]
            if version.get("served") and _established(definition)
        }
        present = {
            service["spec"]["version"]
            for service in self._client.list(API_SERVICES)
            if service["spec"].get("group") == group and AUTOMANAGED in (service["metadata"].get("labels") or {})
        }
        for version in sorted(present - wanted):
            attempt(lambda version=version: self._delete(f"{version}.{group}"))  # type: ignore[misc]
        for version in sorted(wanted - present):
            attempt(lambda version=version: self._register(group, version))  # type: ignore[misc]

    def _register(self, group: str, version: str) -> None:
        name = f"{version}.{group}"
        if self._client.get(API_SERVICES, name) is not None:
            return
        spec = {"group": group, "version": version}
        priorities = {"groupPriorityMinimum": GROUP_PRIORITY, "versionPriority": VERSION_PRIORITY}
        self._client.create(
            API_SERVICES, {"metadata": {"name": name, "labels": {AUTOMANAGED: "true"}}, "spec": spec | priorities}
        )

    def _delete(self, name: str) -> None:
        if self._client.get(API_SERVICES, name) is not None:
            self._client.delete(API_SERVICES, name)

    # -- availability

    def _changed(self, event: Event) -> None:
        name = event.obj["metadata"]["name"]
        if event.type == "DELETED":
            self._remote.discard(name)
            return
        spec = event.obj["spec"]
        if not spec.get("service"):
            self._remote.discard(name)
            self._tell(name, LOCAL)
        elif not self._served_here(spec):
            self._remote.add(name)
            self._check(name, spec)

    def _served_here(self, spec: Json) -> bool:
        return any(r.group == spec.get("group") and r.version == spec.get("version") for r in self._rest.scheme)

    def _others_changed(self, event: Event) -> None:
        if not self._remote:
            return
        meta = event.obj["metadata"]
        name = (meta.get("labels") or {}).get("kubernetes.io/service-name") or meta["name"]
        for service in sorted(self._remote):
            found = self._client.get(API_SERVICES, service)
            reference = (found or {}).get("spec", {}).get("service") or {}
            if (reference.get("namespace"), reference.get("name")) == (meta.get("namespace"), name):
                self._check(service, found["spec"] if found else {})

    def _resync(self) -> None:
        for name in sorted(self._remote):
            found = self._client.get(API_SERVICES, name)
            if found is not None:
                self._check(name, found["spec"])

    def _check(self, name: str, spec: Json) -> None:
        finding = self._unreachable(spec["service"])
        if finding is not None:
            self._tell(name, finding)
        else:
            self._clock.spawn(self._ask(name, spec))

    def _unreachable(self, reference: Json) -> Finding | None:
        """Return why a service cannot be asked, None if it can."""
        namespace, name, port = reference["namespace"], reference["name"], reference.get("port", 443)
        shown = f'service/{name} in "{namespace}"'
        service = self._client.get("services", name, namespace)
        if service is None:
            return "False", "ServiceNotFound", f"{shown} is not present"
        if service["spec"].get("type") == "ExternalName":
            return None
        found = next((entry for entry in service["spec"].get("ports") or () if entry["port"] == port), None)
        if found is None:
            return "False", "ServicePortError", f"{shown} is not listening on port {port}"
        slices = [
            one
            for one in self._client.list(SLICES, namespace)
            if (one["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == name
        ]
        if not slices:
            return "False", "EndpointsNotFound", f"cannot find endpointslices for {shown}"
        port_name = found.get("name", "")
        if not any(_has_ready(one, port_name) for one in slices):
            text = f'endpointslices for {shown} have no addresses with port name "{port_name}"'
            return "False", "MissingEndpoints", text
        return None

    async def _ask(self, name: str, spec: Json) -> None:
        from k8s_tutor.sim.network import NetworkError, Tls

        reference = spec["service"]
        host = f"{reference['name']}.{reference['namespace']}.svc"
        place = self._network().services.endpoint_of(
            reference["namespace"], reference["name"], reference.get("port", 443)
        )
        if place is None:
            return
        url = f"https://{place[0]}:{place[1]}/apis/{spec['group']}/{spec['version']}"
        try:
            answer = await self._network().http(None, "GET", url, timeout=PATIENCE, tls=Tls(host=host))
            why = "" if answer.status < 300 else f"bad status from {url}: {answer.status}"
        except NetworkError as error:
            why = f'Get "{url}": {error}'
        if why:
            self._tell(name, ("False", "FailedDiscoveryCheck", f"failing or missing response from {url}: {why}"))
        else:
            self._tell(name, PASSED)

    def _tell(self, name: str, finding: Finding) -> None:
        status, reason, message = finding
        now = rfc3339(self._clock.now())

        def change(service: Json) -> None:
            conditions = service.setdefault("status", {}).setdefault("conditions", [])
            old = next((one for one in conditions if one["type"] == "Available"), None)
            since = old["lastTransitionTime"] if old is not None and old["status"] == status else now
            fresh = {
                "type": "Available",
                "status": status,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
            conditions[:] = [one for one in conditions if one["type"] != "Available"] + [fresh]

        def write() -> None:
            try:
                self._client.change(API_SERVICES, "", name, change, "status")
            except ApiError:
                return  # gone meanwhile

        if self._client.get(API_SERVICES, name) is not None:
            attempt(write)


def _established(definition: Json) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def _has_ready(slice_: Json, port: str) -> bool:
    if not any((one.get("name") or "") == port for one in slice_.get("ports") or ()):
        return False
    return any((one.get("conditions") or {}).get("ready", True) for one in slice_.get("endpoints") or ())
