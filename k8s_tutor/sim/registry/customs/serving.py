"""Serves what CustomResourceDefinitions define, at once, and lives their life with them.

Mirrors ``apiextensions-apiserver``'s naming, establishing and finalizing controllers. Routes follow the store without
lag; conditions are written a moment later, as upstream's controllers do.
"""

from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.conforming import Conformed
from k8s_tutor.apimachinery.encoding import encoded
from k8s_tutor.apimachinery.schema import type_named
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.registry.attributes import DeleteOptions
from k8s_tutor.sim.registry.customs.strategy import META, CustomStrategy
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext, UserInfo

if TYPE_CHECKING:
    from k8s_tutor.sim.machinery.collection import Key

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
STATUS_VERBS = ["get", "patch", "update"]
SERVER = UserInfo("system:apiserver", ("system:masters", "system:authenticated"))


class Customs:
    """All served custom resources."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._served: dict[str, list[Resource]] = {}
        # What was written of objects that read otherwise now, and at which revision.
        self._written: dict[str, dict[Key, tuple[int, Json]]] = {}
        rest.deletion_hooks[DEFINITIONS] = self._deleted
        rest.store.index(DEFINITIONS, self._indexed)
        rest.store.subscribe(None, self._changed)

    def reload(self) -> None:
        """Serve what the store defines now (after a load)."""
        for name in list(self._served):
            self._withdraw(name)
        for entry in self._rest.store.entries(DEFINITIONS):
            self._serve(entry.obj)

    def resources(self) -> list[Resource]:
        """Return all served custom resources."""
        return [resource for served in self._served.values() for resource in served]

    # -- following the definitions

    def _indexed(self, event: Event) -> None:
        if event.type == "DELETED":
            self._withdraw(event.obj["metadata"]["name"])
        elif event.old is None or event.old.obj["spec"] != event.obj["spec"]:
            self._serve(event.obj)

    def _serve(self, definition: Json) -> None:
        self._withdraw(definition["metadata"]["name"])
        made = []
        for version in definition["spec"]["versions"]:
            if version.get("served") or version.get("storage"):
                resource = build(definition, version)
                resource.objects = self._rest
                made.append(resource)
                if version.get("served"):
                    self._rest.scheme.add(resource, stored=bool(version.get("storage")))
                else:
                    self._rest.scheme.resources[resource.name] = resource
                if version.get("storage"):
                    self._reread(resource)
        self._served[definition["metadata"]["name"]] = made

    def _reread(self, resource: Resource) -> None:
        """Make stored objects read as the schema has them now: pruned and with its defaults, without a change."""
        store, name = self._rest.store, resource.name
        before, self._written[name] = self._written.get(name, {}), {}
        for entry in list(store.entries(name)):
            meta = entry.obj["metadata"]
            key = (meta.get("namespace", ""), meta["name"])
            revision, written = before.get(key, (0, entry.obj))
            if revision != entry.revision:
                written = entry.obj
            read = clone(resource.conform(written).obj)
            resource.strategy.default(read)
            if read != written:
                self._written[name][key] = entry.revision, written
            if read != entry.obj:
                store.load(name, key, read, entry.revision)

    def _withdraw(self, name: str) -> None:
        for resource in self._served.pop(name, ()):
            self._rest.scheme.remove(resource)

    def _changed(self, event: Event) -> None:
        if event.resource == DEFINITIONS and event.type != "DELETED":
            self._follow(event.obj["metadata"]["name"])
        elif event.type == "DELETED" and event.resource in self._served:
            self._follow(event.resource)

    def _follow(self, name: str) -> None:
        """Bring a definition's status, or its end, a step further."""
        entry = self._rest.store.get(DEFINITIONS, "", name)
        if entry is None:
            return
        if "deletionTimestamp" in entry.obj["metadata"]:
            self._clean_up(entry.obj)
        elif not any(c["type"] == "Established" for c in (entry.obj.get("status") or {}).get("conditions") or ()):
            self._establish(entry.obj)

    def _establish(self, definition: Json) -> None:
        new = clone(definition)
        now = rfc3339(self._rest.store.clock.now())
        status = new.setdefault("status", {})
        status["acceptedNames"] = clone(new["spec"]["names"])
        status.setdefault("storedVersions", [v["name"] for v in new["spec"]["versions"] if v.get("storage")])
        status["conditions"] = [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ]
        self._write_status(definition, new)

    def _write_status(self, old: Json, new: Json) -> None:
        resource = self._rest.resource(DEFINITIONS)
        ctx = RequestContext(SERVER, "kube-apiserver", subresource="status")
        self._rest.fields.track(ctx, resource, new, old)
        self._rest.store.put(DEFINITIONS, ("", new["metadata"]["name"]), resource.encode(new))

    # -- the end

    def _deleted(self, ctx: RequestContext, obj: Json, *, waits: bool) -> tuple[Json, bool]:
        """Mark a definition that is being deleted; it goes when its objects have gone."""
        meta = dict(obj["metadata"])
        finalizers = list(meta.get("finalizers") or ())
        meta["deletionTimestamp"] = meta.get("deletionTimestamp") or rfc3339(self._rest.store.clock.now())
        meta.pop("deletionGracePeriodSeconds", None)
        if not obj["metadata"].get("deletionTimestamp") and CLEANUP not in finalizers:
            finalizers.append(CLEANUP)
            # Upstream does not count this mark as a new generation.
            stored = self._rest.store.get(DEFINITIONS, "", meta["name"])
            if stored is not None:
                meta["generation"] = stored.obj["metadata"].get("generation", 1)
        meta["finalizers"] = finalizers
        new = obj | {"metadata": meta}
        conditions = [c for c in (obj.get("status") or {}).get("conditions") or () if c["type"] != "Terminating"]
        text = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
        conditions.append(_condition("Terminating", "InstanceDeletionPending", text, meta["deletionTimestamp"]))
        new["status"] = (obj.get("status") or {}) | {"conditions": conditions}
        return new, bool(finalizers)

    def _clean_up(self, definition: Json) -> None:
        name = definition["metadata"]["name"]
        for entry in list(self._rest.store.entries(name)):
            meta = entry.obj["metadata"]
            if "deletionTimestamp" not in meta:
                try:
                    ctx = RequestContext(SERVER, "kube-apiserver")
                    self._rest.delete(ctx, name, meta.get("namespace", ""), meta["name"], DeleteOptions())
                except ApiError:
                    continue  # gone meanwhile, or refused: the next change of it brings us here again
        if self._rest.store.count(name) or CLEANUP not in (definition["metadata"].get("finalizers") or ()):
            return
        new = definition | {"metadata": dict(definition["metadata"])}
        left = [item for item in new["metadata"]["finalizers"] if item != CLEANUP]
        if left:
            new["metadata"]["finalizers"] = left
            self._rest.store.put(DEFINITIONS, ("", name), new)
        else:
            self._rest.store.remove(DEFINITIONS, ("", name), new)

    # -- OpenAPI

    def openapi_index(self) -> Json:
        """Return the paths that ``/openapi/v3`` lists beside the built-in ones."""
        from k8s_tutor.sim.registry.customs import openapi

        return openapi.index(self.resources())

    def openapi_v3(self, path: str) -> bytes | None:
        """Return the document of ``/openapi/v3/apis/{group}/{version}``, or None."""
        from k8s_tutor.sim.registry.customs import openapi

        return openapi.document(self.resources(), path)

    def openapi_v2(self) -> Json | None:
        """Return what is added to ``/openapi/v2``, or None."""
        from k8s_tutor.sim.registry.customs import openapi

        return openapi.v2(self.resources())


def _condition(kind: str, reason: str, message: str, now: str) -> Json:
    return {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}


def build(definition: Json, version: Json) -> Resource:
    """Return the resource of one version of a definition."""
    from k8s_tutor.apimachinery.structural import type_of  # brings CEL along: 50 ms, and few clusters have any

    spec = definition["spec"]
    names = spec["names"]
    schema: Json = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    kind = {"group": spec["group"], "version": version["name"], "kind": names["kind"]}
    subresources: dict[str, Json] = {}
    declared = version.get("subresources") or {}
    if "status" in declared:
        subresources["status"] = {"responseKind": kind, "verbs": STATUS_VERBS}
    if declared.get("scale"):
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        subresources["scale"] = {"responseKind": scale, "verbs": STATUS_VERBS, "paths": declared["scale"]}
    resource = Resource(
        plural=names["plural"],
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec["scope"] == "Namespaced",
        verbs=VERBS,
        make_strategy=lambda: CustomStrategy(definition, version, resource),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=subresources,
        custom=definition,
    )
    resource.schema = type_of(schema)
    resource.codec = Codec(schema)
    return resource


class Codec:
    """Decodes and encodes objects of a custom kind: metadata as everywhere, the rest by the structural schema."""

    def __init__(self, schema: Json) -> None:
        from k8s_tutor.apimachinery.structural import embedding

        self._schema = schema
        self._embeds = embedding.has_embedded(schema)
        self._meta = type_named(META)

    def conform(self, obj: Json, duplicates: tuple[str, ...]) -> Conformed:
        """Return the object without unknown fields, and what strict decoding has against it."""
        from k8s_tutor.apimachinery.structural import embedding, prune

        strict = list(duplicates)
        rest = {key: value for key, value in obj.items() if key != "metadata"}
        meta: Json | None = None
        problem = None
        if "metadata" in obj:
            meta, unknown, problem = embedding.read_metadata(obj["metadata"])
            strict += [text.replace('unknown field "', 'unknown field "metadata.') for text in unknown]
        clean, pruned = prune(rest, self._schema)
        strict += [f'unknown field "{path}"' for path in pruned]
        if self._embeds and problem is None:
            clean = clone(clean)
            found: list[str] = []
            try:
                embedding.coerce(clean, self._schema, "", found)
            except embedding.MalformedError as malformed:
                problem = str(malformed)
            strict += sorted(found)
        return Conformed(clean if meta is None else clean | {"metadata": meta}, strict, problem)

    def encode(self, obj: Json) -> Json:
        """Return the object as it is stored and shown."""
        if self._meta is None:
            return obj
        return obj | {"metadata": encoded(obj["metadata"], self._meta)}
