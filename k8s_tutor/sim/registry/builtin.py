"""The built-in resources as discovery names them, each with its strategy: the Scheme of a fresh cluster."""

from collections.abc import Callable

from k8s_tutor.apimachinery.schema import discovery
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.scheme import Resource, Scheme, strategy_makers
from k8s_tutor.sim.registry.strategy import Strategy

# Served in more than one group version: (plural, group) of the other face to the store's name of the objects.
SAME_OBJECTS = {("events", "events.k8s.io"): "events"}


# DELETE of these answers with the object also when it has gone (``ReturnDeletedObject`` of upstream's storages).
RETURNS_DELETED = frozenset(
    (
        "namespaces",
        "persistentvolumes",
        "persistentvolumeclaims",
        "pods",
        "podtemplates",
        "resourcequotas",
        "services",
        "serviceaccounts",
        *(f"{plural}.storage.k8s.io" for plural in ("csidrivers", "csinodes", "storageclasses", "volumeattachments")),
        "volumeattributesclasses.storage.k8s.io",
        *(
            f"{p}.resource.k8s.io"
            for p in ("deviceclasses", "resourceclaims", "resourceclaimtemplates", "resourceslices")
        ),
        "devicetaintrules.resource.k8s.io",
    )
)


def build_scheme() -> Scheme:
    """Return the scheme of all built-in resources."""
    scheme = Scheme()
    kinds = strategy_makers()
    for group in _discovery():
        name = group["metadata"].get("name", "")
        for index, version in enumerate(group["versions"]):
            for found in version["resources"]:
                resource = _resource(name, version["version"], found, kinds)
                scheme.add(resource, stored=index == 0 and not resource.stored_as)
    return scheme


def _discovery() -> list[Json]:
    aggregated = discovery()["aggregated"]
    return [*aggregated["/api"]["items"], *aggregated["/apis"]["items"]]


def _resource(group: str, version: str, found: Json, kinds: dict[str, Callable[[], Strategy]]) -> Resource:
    plural = found["resource"]
    stored_as = SAME_OBJECTS.get((plural, group), "")
    name = stored_as or (f"{plural}.{group}" if group else plural)
    return Resource(
        plural=plural,
        group=group,
        version=version,
        kind=found["responseKind"]["kind"],
        singular=found["singularResource"],
        namespaced=found["scope"] == "Namespaced",
        verbs=tuple(found["verbs"]),
        make_strategy=kinds.get(name, Strategy),
        short_names=tuple(found.get("shortNames", ())),
        categories=tuple(found.get("categories", ())),
        subresources={entry["subresource"]: entry for entry in found.get("subresources", ())},
        stored_as=stored_as,
        returns_deleted=name in RETURNS_DELETED,
    )
