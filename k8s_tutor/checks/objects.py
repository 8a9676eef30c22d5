"""Which objects a check looks at, and where they are read from: a cluster, or a learner's manifests.

An ``ObjectQuery`` is the ``object:`` of a spec. ``LiveObjects`` reads collections once a round, so that the checks of
a round judge the same state; ``ManifestObjects`` answers the same questions from files, before anything is applied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from k8s_tutor.apimachinery import fields, labels
from k8s_tutor.client import ApiError, APIResource, Client, NoMatchError

Object = dict[str, Any]
QUERY_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string"},
        "apiVersion": {"type": "string"},
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "selector": {"type": "string"},
        "fields": {"type": "string"},
        "allNamespaces": {"type": "boolean"},
    },
}


@dataclass(frozen=True, slots=True)
class ObjectQuery:
    """Some objects of one kind; ``namespace`` empty means the exercise's."""

    kind: str
    api_version: str = ""
    name: str = ""
    namespace: str = ""
    selector: str = ""
    fields: str = ""
    all_namespaces: bool = False

    @classmethod
    def of(cls, data: Mapping[str, Any], kind: str = "") -> "ObjectQuery":
        """Read it from a spec; ``kind`` is the kind where the spec need not say.

        Raises:
            ValueError: no kind, or a selector that is none.
        """
        found = cls(
            kind=data.get("kind", kind),
            api_version=data.get("apiVersion", ""),
            name=data.get("name", ""),
            namespace=data.get("namespace", ""),
            selector=data.get("selector", ""),
            fields=data.get("fields", ""),
            all_namespaces=data.get("allNamespaces", False),
        )
        if not found.kind:
            raise ValueError("kind is missing")
        labels.parse(found.selector)
        fields.parse(found.fields)
        return found

    def resource(self, client: Client) -> APIResource | None:
        """Return the served resource; None where nothing serves the kind (a CustomResourceDefinition yet to come)."""
        try:
            if self.api_version:
                return client.discovery.for_kind(self.api_version, self.kind)
            return client.discovery.resolve(self.kind)
        except NoMatchError:
            return None

    def path(self, resource: APIResource, namespace: str) -> str:
        """The collection's URL path."""
        return resource.path(None if self.all_namespaces else self.namespace or namespace)

    @property
    def params(self) -> dict[str, str]:
        """Selectors as query parameters; a name is a field selector."""
        wanted = [term for term in (self.fields, f"metadata.name={self.name}" if self.name else "") if term]
        params = {"fieldSelector": ",".join(wanted)} if wanted else {}
        return {**params, "labelSelector": self.selector} if self.selector else params

    def __str__(self) -> str:
        if self.name:
            return f"{self.kind.lower()}/{self.name}"
        return f"{self.kind.lower()} {self.selector or self.fields}".strip()


class Objects(Protocol):
    """Where objects are read from."""

    def find(self, query: ObjectQuery, namespace: str) -> list[Object]:
        """Return what the query selects."""


class LiveObjects:
    """Objects of a cluster; what was read is kept until ``forget``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read: dict[tuple[str, str], list[Object]] = {}

    def forget(self) -> None:
        """Begin a new round."""
        self._read.clear()

    def find(self, query: ObjectQuery, namespace: str) -> list[Object]:
        """Return what the query selects now (at the beginning of this round)."""
        resource = query.resource(self._client)
        if resource is None:
            return []
        path, params = query.path(resource, namespace), query.params
        key = (path, str(sorted(params.items())))
        if key not in self._read:
            try:
                items = self._client.list(path, **params)
            except ApiError as error:
                if error.status != 404:
                    raise
                items = []
            # Items of a list do not repeat what they are.
            self._read[key] = [{"apiVersion": resource.group_version, "kind": resource.kind, **item} for item in items]
        return self._read[key]


class ManifestObjects:
    """Objects of manifests that were not applied; one without a namespace is in the exercise's."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = list(objects)

    def find(self, query: ObjectQuery, namespace: str) -> list[Object]:
        """Return what the query selects."""
        selector, terms = labels.parse(query.selector), fields.parse(query.fields)
        wanted = query.namespace or namespace
        return [
            obj
            for obj in self._objects
            if _is_kind(obj, query)
            and query.name in {"", _meta(obj).get("name")}
            and (query.all_namespaces or _meta(obj).get("namespace", wanted) == wanted)
            and selector.matches(_meta(obj).get("labels") or {})
            and terms.matches(partial(fields.value_at, obj))
        ]


def _meta(obj: Object) -> Mapping[str, Any]:
    found = obj.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _is_kind(obj: Object, query: ObjectQuery) -> bool:
    kind = str(obj.get("kind", "")).lower()
    return kind == query.kind.lower() and query.api_version in {"", obj.get("apiVersion")}


def label(obj: Mapping[str, Any]) -> str:
    """Return ``pod/web``."""
    return f"{str(obj.get('kind', '')).lower()}/{obj.get('metadata', {}).get('name', '')}"


def version(obj: Mapping[str, Any]) -> str:
    """Return what identifies an object's state."""
    metadata = obj.get("metadata", {})
    return f"{metadata.get('uid', '')}@{metadata.get('resourceVersion', '')}"
