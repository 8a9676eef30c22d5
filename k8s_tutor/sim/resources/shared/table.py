"""Columns and cells of the Tables that ``kubectl get`` shows (upstream: ``printers/internalversion/printers.go``).

Most columns carry the description of the API field they show; those are looked up in the generated schema tables when
a Table is first asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.labels import SelectorError, from_label_selector
from k8s_tutor.apimachinery.times import age
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import Column

NONE, UNSET = "<none>", "<unset>"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

NAME = Column("Name", "string", "name", f"#{_META}.name")
AGE = Column("Age", "string", "", f"#{_META}.creationTimestamp")
CREATED = Column("Created At", "date", "", f"#{_META}.creationTimestamp")
CONTAINERS = Column("Containers", "string", "", "Names of each container in the template.", 1)
IMAGES = Column("Images", "string", "", "Images referenced by each container in the template.", 1)


class Columns(Sequence[Column]):
    """Columns whose ``#type.field`` descriptions are looked up at first use."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._given = tuple(columns)
        self._resolved: tuple[Column, ...] | None = None

    def _all(self) -> tuple[Column, ...]:
        if self._resolved is None:
            self._resolved = tuple(map(_resolve, self._given))
        return self._resolved

    @overload
    def __getitem__(self, index: int) -> Column: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Column]: ...
    def __getitem__(self, index: int | slice) -> Column | Sequence[Column]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._given)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._all())


def _resolve(column: Column) -> Column:
    if not column.description.startswith("#"):
        return column
    kind, _, field = column.description[1:].rpartition(".")
    return Column(column.name, column.type, column.format, schema.describe(kind, field), column.priority)


def doc(group: str, kind: str, field: str, name: str, type: str = "string", *, wide: bool = False) -> Column:
    """Return a column that carries the description of a field; ``group`` as ``core.v1``."""
    return Column(name, type, "", f"#io.k8s.api.{group}.{kind}.{field}", 1 if wide else 0)


def plain(name: str, description: str, type: str = "string", *, wide: bool = False) -> Column:
    """Return a column with a description of its own."""
    return Column(name, type, "", description, 1 if wide else 0)


def table(*columns: Column) -> Columns:
    """Return the columns of a kind."""
    return Columns(columns)


def created(obj: Json, now: float) -> str:
    """Return the Age cell."""
    return age(obj["metadata"].get("creationTimestamp"), now)


def labels_text(labels: Mapping[str, str] | None) -> str:
    """Return labels as one cell."""
    return ",".join(f"{key}={(labels or {})[key]}" for key in sorted(labels or {})) or NONE


def selector_text(selector: Json | None) -> str:
    """Return a label selector as one cell."""
    if selector is None:
        return NONE
    try:
        return str(from_label_selector(selector)) or NONE
    except SelectorError as error:
        return str(error)


def containers_cells(template: Json | None) -> list[str]:
    """Return the cells with a template's container names and images."""
    containers = ((template or {}).get("spec") or {}).get("containers") or ()
    return [",".join(item.get(field) or "" for item in containers) for field in ("name", "image")]


def shortened(items: Sequence[str], count: int, limit: int = 3, empty: str = UNSET) -> str:
    """Return the first items as one cell, with how many more there are."""
    text = ",".join(items[:limit])
    if count > limit:
        return f"{text} + {count - limit} more..."
    return text or empty


def addresses_text(status: Json | None) -> str:
    """Return the addresses of a load balancer's status."""
    ingress = ((status or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(sorted({item.get("ip") or item.get("hostname") or "" for item in ingress} - {""}))


def boolean(value: Any) -> str:
    """Return a boolean that may be absent."""
    return UNSET if value is None else "True" if value else "False"
