"""The base of all strategies here: one check for create and update, name rules, and what updates may not change."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.fields import value_at
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.strategy import Column, RequestContext, Strategy
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.check import At, begin
from k8s_tutor.sim.resources.shared.label_checks import shown


class KindStrategy(Strategy):
    """A strategy made of small checks.

    Class attributes:
        name_rule: judges ``metadata.name``.
        fields: paths of the kind's own field selectors.
        immutable: paths of fields that no update changes, checked last.
        shows: for some of them, what makes of a value what its complaint shows.
    """

    name_rule: "ClassVar[staticmethod[[str], list[str]]]" = staticmethod(names.is_dns1123_subdomain)
    fields: ClassVar[tuple[str, ...]] = ()
    immutable: ClassVar[tuple[str, ...]] = ()
    shows: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    columns: ClassVar[Sequence[Column]] = table.table(table.NAME, table.CREATED)

    def check(self, v: At, old: Json | None) -> None:
        """Check the whole object but its metadata; ``old`` is None on creation."""

    def check_update(self, v: At, old: Json) -> None:
        """Check an update."""
        self.check(v, old)
        for path in self.immutable:
            self.unchanged(v, old, path)

    def check_status(self, v: At, old: Json) -> None:
        """Check an update of status; the cursor stands at the object."""

    def declared(self, v: At, old: Json | None) -> None:
        """Check the rules that upstream generates from field tags: they come after all others."""

    def unchanged(self, v: At, old: Json, path: str) -> bool:
        """Complain where the field at a dotted path differs from the old object's."""
        *steps, name = path.split(".")
        before: Any = old
        for step in steps:
            v, before = v.at(step), (before or {}).get(step)
        return v.immutable(name, before, show=shown if name == "selector" else self.shows.get(path))

    # -- what the generic storage calls

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        if prefix and len(name) > 1 and name.endswith("-"):
            name = name[:-1] + "a"
        return type(self).name_rule(name)

    def validate_create(self, obj: Json) -> list[FieldError]:
        v = begin(obj)
        self.check(v, None)
        self.declared(v, None)
        return _once(v.errors)

    def validate_update(self, new: Json, old: Json) -> list[FieldError]:
        v = begin(new)
        self.check_update(v, old)
        self.declared(v, old)
        return _once(v.errors)

    def validate_status_update(self, new: Json, old: Json) -> list[FieldError]:
        v = begin(new)
        self.check_status(v, old)
        return _once(v.errors)

    def selectable(self, obj: Json) -> dict[str, str] | None:
        return {path: value_at(obj, path) for path in self.fields}


def _once(errors: list[FieldError]) -> list[FieldError]:
    """Return each complaint once."""
    return list(dict.fromkeys(errors)) if len(errors) > 1 else errors


class WithStatus(KindStrategy):
    """A kind with a ``status`` subresource and a generation: a new object has no status of its own."""

    has_status = True
    has_generation = True

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {}


def respecified(obj: Json, old: Json | None) -> bool:
    """Tell whether an object is new or its generation changed: only then does its template cause warnings."""
    return old is None or obj["metadata"].get("generation") != old["metadata"].get("generation")
