"""What a kind's objects look like: a tree of Types, one for each struct, list, map and leaf.

Mirrors what Go knows from struct tags and Kubernetes' OpenAPI extensions.  Types are built when first looked at; those
of built-in kinds come from generated tables (``tables.py``), those of custom resources from their CRD's schema
(``structural.py``).  Modules that walk objects keep their compiled plans in ``Type.plans``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

STRUCT: Final = "struct"
LIST: Final = "list"
MAP: Final = "map"
ANY: Final = "JSON"

ATOMIC: Final = "atomic"

OMIT_EMPTY: Final = 1
OMIT_ZERO: Final = 2
POINTER: Final = 4
REQUIRED: Final = 8


class Type:
    """A type of values.

    Attributes:
        name: OpenAPI name of a struct (``io.k8s.api.core.v1.Pod``), else empty.
        go: how Go prints the type (``v1.PodPhase``, ``[]v1.Container``); error texts need it.
        kind: ``struct``, ``list``, ``map``, or a leaf: ``string``, ``bool``, ``int32``, ``int64``, ``float``, ``bytes``,
            ``Quantity``, ``IntOrString``, ``Time``, ``MicroTime``, ``Duration``, ``FieldsV1``, ``RawExtension``,
            ``JSON``, and the three unions of CRD schemas, ``SchemaOrBool``, ``SchemaOrArray``, ``SchemaOrStrings``.
        elem: the type of the items of a list or the values of a map.
        list_type: ``atomic``, ``set`` or ``map`` for a list (as server-side apply sees it), else empty.
        keys: the keys of a list of type ``map``.
        atomic: a struct or map that server-side apply treats as one value.
        preserve: a struct of a custom resource that keeps unknown fields.
        plans: compiled plans of other modules, by their name.
    """

    __slots__ = ("_fields", "_load", "atomic", "elem", "go", "keys", "kind", "list_type", "name", "plans",
                 "preserve")  # fmt: skip

    def __init__(
        self,
        kind: str,
        *,
        name: str = "",
        go: str = "",
        elem: "Type | None" = None,
        load: "Callable[[], Mapping[str, Field]] | None" = None,
        list_type: str = "",
        keys: tuple[str, ...] = (),
        atomic: bool = False,
        preserve: bool = False,
    ) -> None:
        self.kind = kind
        self.name = name
        self.go = go
        self.elem = elem
        self.list_type = list_type
        self.keys = keys
        self.atomic = atomic
        self.preserve = preserve
        self.plans: dict[str, Any] = {}
        self._load = load
        self._fields: Mapping[str, Field] | None = None if load else {}

    @property
    def fields(self) -> "Mapping[str, Field]":
        """The fields of a struct by their JSON names, in the order of declaration."""
        if self._fields is None:
            assert self._load is not None  # noqa: S101 - a struct is made with its loader
            self._fields = self._load()
        return self._fields

    @property
    def go_name(self) -> str:
        """The name of a struct without its package, as Go's decoder prints it."""
        return self.go.rpartition(".")[2]

    def __repr__(self) -> str:
        return f"Type({self.name or self.go or self.kind})"


class Field:
    """A field of a struct.

    Attributes:
        name: its JSON name.
        go_name: its name in Go.
        type: the type of its value.
        number: its protobuf number, 0 where it has none.
        omit_empty, omit_zero: Go's encoder leaves it out when it is empty, or zero.
        pointer: Go tells absent from zero.
        required: OpenAPI requires it.
        patch_strategy: ``merge``, ``replace``, ``retainKeys`` or ``merge,retainKeys`` of strategic merge patch.
        merge_key: the key by which strategic merge patch matches list items.
        default: the default OpenAPI declares, None where there is none.
        enum: allowed values, empty where any is.
        embedded: the embedded structs in which Go keeps the field, each as (protobuf number, field name, struct name).
    """

    __slots__ = ("default", "embedded", "enum", "go_name", "merge_key", "name", "number", "omit_empty", "omit_zero",
                 "patch_strategy", "pointer", "required", "type")  # fmt: skip

    def __init__(self, name: str, type: Type, flags: int, number: int, extras: Mapping[str, Any] | None = None) -> None:
        extras = extras or {}
        self.name = name
        self.type = type
        self.number = number
        self.omit_empty = bool(flags & OMIT_EMPTY)
        self.omit_zero = bool(flags & OMIT_ZERO)
        self.pointer = bool(flags & POINTER)
        self.required = bool(flags & REQUIRED)
        self.patch_strategy: str = extras.get("patch", "")
        self.merge_key: str = extras.get("merge", "")
        self.default = extras.get("default")
        self.go_name: str = extras.get("go") or name[0].upper() + name[1:]
        self.enum: tuple[Any, ...] = tuple(extras.get("enum", ()))
        self.embedded: tuple[tuple[int, str, str], ...] = tuple(map(tuple, extras.get("embed", ())))

    @property
    def list_type(self) -> str:
        """How server-side apply merges this list: ``atomic``, ``set``, ``map``; empty for other fields."""
        return self.type.list_type

    @property
    def map_keys(self) -> tuple[str, ...]:
        """The keys of a list of type ``map``."""
        return self.type.keys

    def __repr__(self) -> str:
        return f"Field({self.name}: {self.type!r})"
