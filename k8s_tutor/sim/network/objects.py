"""Services and their EndpointSlices, kept by name: what kube-proxy's table and the DNS have in common."""

from collections.abc import Iterable

from k8s_tutor.apimachinery.unstructured import Json

Key = tuple[str, str]
SERVICE_LABEL = "kubernetes.io/service-name"


def key_of(obj: Json) -> Key:
    """Return namespace and name."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


class ServiceObjects:
    """Services and EndpointSlices as the watch of one component has seen them."""

    def __init__(self) -> None:
        self._services: dict[Key, Json] = {}
        self._slices: dict[Key, dict[str, Json]] = {}

    def set_services(self, objects: Iterable[Json]) -> None:
        """Replace all Services."""
        self._services = {key_of(obj): obj for obj in objects}
        self.changed()

    def set_endpoints(self, objects: Iterable[Json]) -> None:
        """Replace all EndpointSlices."""
        self._slices = {}
        for obj in objects:
            self._slices.setdefault(_service_of(obj), {})[obj["metadata"]["name"]] = obj
        self.changed()

    def put_service(self, obj: Json) -> None:
        """A Service is there or has changed."""
        self._services[key_of(obj)] = obj
        self.changed()

    def drop_service(self, obj: Json) -> None:
        """A Service was deleted."""
        self._services.pop(key_of(obj), None)
        self.changed()

    def put_slice(self, obj: Json) -> None:
        """An EndpointSlice is there or has changed."""
        self._slices.setdefault(_service_of(obj), {})[obj["metadata"]["name"]] = obj
        self.slices_changed(_service_of(obj))

    def drop_slice(self, obj: Json) -> None:
        """An EndpointSlice was deleted."""
        key = _service_of(obj)
        self._slices.get(key, {}).pop(obj["metadata"]["name"], None)
        self.slices_changed(key)

    def changed(self) -> None:
        """Services have changed (for subclasses)."""

    def slices_changed(self, key: Key) -> None:
        """The endpoints of one Service have changed (for subclasses)."""

    def endpoints(self, key: Key) -> Iterable[tuple[Json, Json]]:
        """Yield each endpoint with its slice."""
        for _, obj in sorted(self._slices.get(key, {}).items()):
            for endpoint in obj.get("endpoints") or ():
                yield endpoint, obj


def _service_of(obj: Json) -> Key:
    meta = obj["metadata"]
    return meta.get("namespace", ""), (meta.get("labels") or {}).get(SERVICE_LABEL, "")
