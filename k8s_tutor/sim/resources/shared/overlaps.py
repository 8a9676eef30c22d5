"""Warnings about files of a volume that lie over one another (upstream: ``warningsForOverlappingVirtualPaths``)."""

from collections.abc import Iterator, Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.gotext import quote

Place = tuple[str, str]  # path and what puts a file there

_SOURCES = (("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret"), ("downwardAPI", "", "DownwardAPI"))


def overlap_warnings(volumes: Sequence[Json]) -> Iterator[str]:
    """Yield the warnings about a pod's volumes."""
    for volume in volumes:
        name = volume.get("name") or ""
        for field, naming, what in _SOURCES:
            source = volume.get(field) or {}
            items = source.get("items")
            if items:
                shown = f"{what} {quote(source.get(naming) or '')}" if naming else what
                yield from _collect(name, shown, [(item.get("path") or "", "") for item in items], [])
        if volume.get("projected") is not None:
            yield from _projected(name, volume["projected"])


def _projected(name: str, projected: Json | None) -> Iterator[str]:
    taken: list[Place] = []
    for source in (projected or {}).get("sources") or ():
        if not any(value is not None for value in source.values()):
            yield f"volume {quote(name)} (Projected) has no sources provided"
            continue
        yield from _collect(name, "Projected", _places(source), taken)


def _places(source: Json) -> list[Place]:
    for field, what in (("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")):
        own = source.get(field)
        if own is not None and own.get("items") is not None:
            shown = what if field == "downwardAPI" else f"{what} {quote(own.get('name') or '')}"
            return [(item.get("path") or "", shown) for item in own["items"]]
    if source.get("serviceAccountToken") is not None:
        return [(source["serviceAccountToken"].get("path") or "", "ServiceAccountToken")]
    bundle = source.get("clusterTrustBundle")
    if bundle is not None:
        shown = quote(bundle.get("name") or bundle.get("signerName") or "")
        return [(bundle.get("path") or "", f"ClusterTrustBundle {shown}")]
    certificate = source.get("podCertificate") or {}
    fields = {"certificateChainPath": "chain", "keyPath": "key", "credentialBundlePath": "credential bundle"}
    return [(certificate[field], f"PodCertificate {what}") for field, what in fields.items() if certificate.get(field)]


def _collect(volume: str, what: str, places: list[Place], taken: list[Place]) -> Iterator[str]:
    for path, source in places:
        place = (path.rstrip("/"), source)
        for other in taken:
            if place[0] and other[0] and _overlap(place[0], other[0]):
                shown = f"{_shown(place)} with {_shown(other)}"
                yield f"volume {quote(volume)} ({what}): overlapping paths: {shown}"
        taken.append(place)


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _shown(place: Place) -> str:
    return f"{quote(place[0])} ({place[1]})" if place[1] else quote(place[0])
