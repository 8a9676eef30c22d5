"""Discovery: ``/api``, ``/apis`` and each group version, aggregated (v2) or not, custom resources included.

Mirrors ``apiserver/pkg/endpoints/discovery``. The documents of the built-in kinds come as data; those of custom
resources are made from the scheme and kept until it changes.
"""

from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.schema import discovery
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.scheme import Resource, Scheme

if TYPE_CHECKING:
    from k8s_tutor.sim.apiserver.http.message import Request

AGGREGATED = "apidiscovery.k8s.io"


class Discovery:
    """Answers discovery paths.

    Args:
        scheme: what is served.
        address: ``host:port`` of the server.
    """

    def __init__(self, scheme: Scheme, address: str) -> None:
        self._scheme = scheme
        self._address = address
        self._documents = discovery()
        self._built_in = {group["name"]: group for group in self._documents["groups"]}

    def legacy(self) -> Json:
        """``/api``."""
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": self._address}
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}

    def groups(self) -> Json:
        """``/apis``."""
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [*self._documents["groups"], *(self._custom_group(name) for name in self._custom())],
        }

    def group(self, name: str) -> Json | None:
        """``/apis/{group}``."""
        found = self._built_in.get(name)
        if found is None:
            found = self._custom_group(name) if name in self._custom() else None
        return None if found is None else {"kind": "APIGroup", "apiVersion": "v1"} | found

    def version(self, path: str) -> Json | None:
        """``/api/v1`` or ``/apis/{group}/{version}``."""
        found: Json | None = self._documents["resources"].get(path)
        if found is not None:
            return found
        group, _, version = path.removeprefix("/apis/").partition("/")
        resources = [r for r in self._custom().get(group, ()) if r.version == version]
        if not resources:
            return None
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{group}/{version}",
            "resources": [entry for resource in resources for entry in _entries(resource)],
        }

    def aggregated(self, path: str) -> Json:
        """``/api`` or ``/apis`` as one document with all resources."""
        found: Json = self._documents["aggregated"][path]
        if path == "/api":
            return found
        return found | {"items": [*found["items"], *(self._aggregated_group(name) for name in self._custom())]}

    def _custom(self) -> dict[str, list[Resource]]:
        groups: dict[str, list[Resource]] = {}
        for resource in self._scheme:
            if resource.custom is not None or (resource.group not in self._built_in and resource.group):
                groups.setdefault(resource.group, []).append(resource)
        return groups

    def _versions(self, group: str) -> list[str]:
        from k8s_tutor.sim.registry.versions import by_priority

        return by_priority({resource.version for resource in self._custom().get(group, ())})

    def _custom_group(self, name: str) -> Json:
        versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in self._versions(name)]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _aggregated_group(self, name: str) -> Json:
        versions = []
        for version in self._versions(name):
            resources = [_aggregated(r) for r in self._custom()[name] if r.version == version]
            versions.append({"version": version, "resources": resources, "freshness": "Current"})
        return {"metadata": {"name": name}, "versions": versions}


def wants_aggregated(request: "Request") -> str | None:
    """Return the version of aggregated discovery that the client prefers, or None."""
    for clause in request.headers.get("accept", "").split(","):
        if "as=APIGroupDiscoveryList" in clause and f"g={AGGREGATED}" in clause:
            if "v=v2" in clause.replace("v=v2beta1", ""):
                return "v2"
    return None


def _entries(resource: Resource) -> list[Json]:
    entry: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    stored = _stored_version(resource)
    if stored:
        entry["storageVersionHash"] = _hash(resource, stored)
    entries = [entry]
    for name, sub in resource.subresources.items():
        kind = sub["responseKind"]
        more = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
        if kind.get("group") not in {None, "", resource.group}:
            more |= {"group": kind["group"], "version": kind["version"]}
        entries.append(more | {"kind": kind["kind"], "verbs": sub["verbs"]})
    return entries


def _aggregated(resource: Resource) -> Json:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    found: Json = {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    subresources = [
        {"subresource": name, "responseKind": sub["responseKind"], "verbs": sub["verbs"]}
        for name, sub in resource.subresources.items()
    ]
    if subresources:
        found["subresources"] = subresources
    return found


def _stored_version(resource: Resource) -> str:
    """Return the version in which a custom resource is stored, if it is served."""
    versions: list[Json] = resource.custom["spec"]["versions"] if resource.custom else []
    return next((version["name"] for version in versions if version.get("storage") and version.get("served")), "")


def _hash(resource: Resource, version: str) -> str:
    """Return the storage version's hash, as ``discovery.StorageVersionHash``."""
    import base64
    import hashlib

    digest = hashlib.sha256(f"{resource.group}/{version}/{resource.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()
