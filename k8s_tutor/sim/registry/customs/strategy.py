"""The strategy of custom resources: everything comes from the definition's version.

Mirrors ``apiextensions-apiserver/pkg/registry/customresource``.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from k8s_tutor.apimachinery import jsonpath
from k8s_tutor.apimachinery.go_values import go_kind, go_print
from k8s_tutor.apimachinery.schema import describe
from k8s_tutor.apimachinery.times import age
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.metadata import validate_metadata, validate_metadata_update
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import Column, RequestContext, Strategy
from k8s_tutor.sim.registry.versions import by_priority, rank

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
SELECTOR = "labelSelectorPath"
SCALES = ("specReplicasPath", "statusReplicasPath", SELECTOR)
MOST = 2**31 - 1
AGE = ".metadata.creationTimestamp"
NOT_SPEC = frozenset(("metadata", "status"))


class CustomStrategy(Strategy):
    """Acts for one version of one definition.

    Args:
        definition: the CustomResourceDefinition.
        version: the entry of ``spec.versions``.
        resource: what is made of them.
    """

    has_generation = True

    def __init__(self, definition: Json, version: Json, resource: Resource) -> None:
        spec = definition["spec"]
        self._resource = resource
        self.schema: Json = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        self._scale: Json = (version.get("subresources") or {}).get("scale") or {}
        self._status_separate = "status" in (version.get("subresources") or {})
        self._columns = version.get("additionalPrinterColumns") or [
            {"name": "Age", "type": "date", "jsonPath": AGE},
        ]
        self._selectable = [field["jsonPath"].lstrip(".") for field in version.get("selectableFields") or ()]
        self.api_version = f"{spec['group']}/{version['name']}"
        self.stored_version = f"{spec['group']}/{_storage(spec)}"
        self.kind = spec["names"]["kind"]
        self.deprecation = _deprecation(spec, version)
        self._paths = [_path(column["jsonPath"]) for column in self._columns]

    allow_unconditional_update = False

    @property
    def columns(self) -> Sequence[Column]:  # type: ignore[override]
        """Name, then those of the definition."""
        return [_name_column(), *(_column(column) for column in self._columns)]

    @property
    def has_status(self) -> bool:  # type: ignore[override]
        """Whether status is a subresource."""
        return self._status_separate

    def default(self, obj: Json) -> None:
        if self.schema:
            from k8s_tutor.apimachinery.structural import apply_defaults  # brings CEL along: 50 ms

            filled = apply_defaults({k: v for k, v in obj.items() if k != "metadata"}, self.schema)
            for key, value in filled.items():
                obj[key] = value

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        if self._status_separate:
            obj.pop("status", None)

    def generation_changes(self, new: Json, old: Json) -> bool:
        keys = {*new, *old} - NOT_SPEC if self._status_separate else {*new, *old} - {"metadata"}
        return any(new.get(key) != old.get(key) for key in keys)

    def subresource_fields(self, subresource: str) -> tuple[str, ...]:
        return ("status",) if subresource == "status" else ("spec",)

    def validate_create(self, obj: Json) -> list[FieldError]:
        return self._validate(obj, None, validate_metadata(self._resource, obj), SCALES)

    def validate_update(self, new: Json, old: Json) -> list[FieldError]:
        return self._validate(new, old, validate_metadata_update(self._resource, new, old), SCALES)

    def validate_status_update(self, new: Json, old: Json) -> list[FieldError]:
        metadata = validate_metadata_update(self._resource, new, old)
        return self._validate(new, old, metadata, SCALES[1:], status=True)

    def _validate(
        self,
        obj: Json,
        old: Json | None,
        metadata: Sequence[FieldError],
        scales: Sequence[str],
        *,
        status: bool = False,
    ) -> list[FieldError]:
        from k8s_tutor.apimachinery import structural

        scale = [
            structural.FieldError("FieldValueInvalid", self._scale[key], value, why)
            for key in scales
            if self._scale.get(key)
            for value, why in _scale_problems(obj, key, self._scale[key])
        ]
        blocked = any(error.reason in structural.BLOCKING for error in metadata)
        errors = structural.validate(obj, self.schema, old, scale, blocked=blocked, status=status)
        return [FieldError(e.reason, e.field, e.body) for e in errors]

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        if old is None:
            return []
        from k8s_tutor.apimachinery import structural

        return [f"{e.field}: {e.body}" for e in structural.rule_warnings(obj, self.schema, old)]

    def row(self, obj: Json, now: float) -> list[Any]:
        cells: list[Any] = [obj["metadata"]["name"]]
        for column, path in zip(self._columns, self._paths, strict=True):
            cells.append(_cell(column, _first(path, obj), now))
        return cells

    def selectable(self, obj: Json) -> dict[str, str]:
        return {path: _text(_at(obj, path)) for path in self._selectable}

    def to_version(self, obj: Json, api_version: str) -> Json:
        shown = obj | {"apiVersion": api_version}
        if api_version != self.stored_version:
            self.default(shown)
        return shown

    def from_version(self, obj: Json) -> Json:
        return obj | {"apiVersion": self.stored_version}


def _deprecation(spec: Json, version: Json) -> str:
    if not version.get("deprecated"):
        return ""
    if version.get("deprecationWarning") is not None:
        return str(version["deprecationWarning"])
    kind, mine = spec["names"]["kind"], rank(version["name"])
    current = by_priority(v["name"] for v in spec["versions"] if v.get("served") and not v.get("deprecated"))
    instead = f"; use {spec['group']}/{current[0]} {kind}" if current and rank(current[0]) < mine else ""
    return f"{spec['group']}/{version['name']} {kind} is deprecated{instead}"


def _scale_problems(obj: Json, key: str, path: str) -> Iterator[tuple[Any, str]]:
    """The replicas that the scale subresource shows must be counts, its selector a text."""
    kind = str if key == SELECTOR else int
    value, why = _nested(obj, path, kind)
    if kind is int and value is not None and not why:
        if value < 0:
            why = "should be a non-negative integer"
        elif value > MOST:
            why = f"should be less than or equal to {MOST}"
    if why:
        yield value if value is not None else kind(), why


def _nested(obj: Any, path: str, kind: type) -> tuple[Any, str]:
    """Return the value at a path, None where there is none, or why there can be none (upstream: ``NestedInt64``)."""
    steps = path.removeprefix(".").split(".")
    for index, step in enumerate(steps):
        if obj is None:
            return None, ""
        if not isinstance(obj, dict):
            place, expected = ".".join(steps[: index + 1]), "map[string]interface{}"
            return None, f".{place} accessor error: {_told(obj)}, expected {expected}"
        if step not in obj:
            return None, ""
        obj = obj[step]
    if type(obj) is not kind:
        expected = "int64" if kind is int else "string"
        return None, f".{'.'.join(steps)} accessor error: {_told(obj)}, expected {expected}"
    return obj, ""


def _told(value: Any) -> str:
    return f"{go_print(value)} is of the type {go_kind(value)}"


def _storage(spec: Json) -> str:
    name: str = next((v["name"] for v in spec["versions"] if v.get("storage")), spec["versions"][0]["name"])
    return name


@lru_cache(maxsize=1)
def _name_column() -> Column:
    return Column("Name", "string", "name", describe(META, "name"))


def _column(column: Json) -> Column:
    text = column.get("description") or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
    return Column(column["name"], column["type"], column.get("format", ""), text, column.get("priority", 0))


def _path(text: str) -> Any:
    return jsonpath.JSONPath("{" + text + "}")


def _first(path: Any, obj: Json) -> Any:
    try:
        found = path.find(obj)
    except ValueError:
        return None
    return found[0] if found else None


def _cell(column: Json, value: Any, now: float) -> Any:
    """Return a cell as upstream's ``tableconvertor`` makes it of a value."""
    kind = column["type"]
    if value is None:
        return None
    if kind == "date":
        return age(value, now) if isinstance(value, str) else "<invalid>"
    if kind == "integer":
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if kind == "number":
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    return value if isinstance(value, str) else jsonpath.rendered(value)


def _at(obj: Any, path: str) -> Any:
    for step in path.split("."):
        obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
