"""What one kind adds to the generic storage: a strategy, as upstream's ``rest.RESTCreateUpdateStrategy``.

A strategy is one class in one file of ``k8s_tutor/sim/resources/``; the registry finds it by scanning that package. The
generic storage (``rest.py``) calls its methods in upstream's order. The objects it is given in ``default`` and
``prepare_*`` are the request's own copies and may be changed in place; stored objects (``old``) never.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.pending import Reviews
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.machinery.store import Store


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the kind's Table, as ``kubectl get`` shows it; ``priority`` 1 means wide only."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class RequestContext:
    """One request's circumstances.

    Attributes:
        user: who asks.
        manager: the field manager for managedFields.
        dry_run: nothing is stored.
        warnings: texts for the answer's ``Warning`` headers; strategies and admission append.
        subresource: ``status``, ``scale``, … or "".
        defaulted: the object's defaults are filled in already.
        applied: managedFields are set already (server-side apply).
        api_version: the version in which the client speaks, "" for the stored one.
        reviews: the answers of admission webhooks so far.
    """

    user: UserInfo
    manager: str = "unknown"
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    subresource: str = ""
    defaulted: bool = False
    applied: bool = False
    api_version: str = ""
    reviews: Reviews | None = None


class Objects(Protocol):
    """What strategies may use of the storage.

    Attributes:
        store: where all objects are.
    """

    store: Store

    def place(self, ctx: RequestContext, resource: str, obj: Json) -> None:
        """Store a new object that belongs to one of the strategy's, with its managedFields, past admission."""


class Strategy:
    """Base of all strategies: a kind that is stored, defaulted by its schema and listed by name and age.

    Class attributes:
        resource: ``plural`` or ``plural.group``, as in discovery.
        has_generation: ``metadata.generation`` counts changes of ``spec`` (set in ``create`` and ``update``).
        has_status: there is a ``status`` subresource, and plain create/update leave ``status`` alone.
        resets_spec: nobody's request owns ``spec`` in managedFields (upstream's reset fields name it).
        allow_create_on_update: PUT of a missing object creates it.
        allow_unconditional_update: PUT without resourceVersion is accepted.
        columns: of the Table, first the name.
        no_rows: what stands for the rows of an empty Table; upstream's default convertor makes no list at all.
        unversioned_annotations: those that only conversion to the served version adds: Tables do not show them.
        counts_empties: a change of nothing but empty values counts in ``metadata.generation`` too.
        orphans_by_default: a delete without a policy leaves dependents alone.
        deprecation: the warning that every answer about the kind carries.
    """

    resource: ClassVar[str] = ""
    has_generation: ClassVar[bool] = False
    has_status: ClassVar[bool] = False
    resets_spec: ClassVar[bool] = False
    allow_create_on_update: ClassVar[bool] = False
    allow_unconditional_update: ClassVar[bool] = True
    unversioned_annotations: ClassVar[frozenset[str]] = frozenset()
    counts_empties: ClassVar[bool] = False
    orphans_by_default: ClassVar[bool] = False
    no_rows: ClassVar[list[Json] | None] = []
    deprecation: str = ""
    columns: ClassVar[Sequence[Column]] = (
        Column("Name", "string", "name"),
        Column("Created At", "date"),
    )

    objects: Objects | None = None

    def attach(self, objects: Objects) -> None:
        """Learn of the storage, for strategies that look other objects up."""
        self.objects = objects

    @property
    def store(self) -> Store:
        """Where objects are; only once attached."""
        assert self.objects is not None  # noqa: S101 - the scheme attaches strategies as it makes them
        return self.objects.store

    def default(self, obj: Json) -> None:
        """Fill defaults in place; idempotent. Runs after decoding and again on objects read from patches."""

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        """Change the new object before validation: drop what the kind does not accept, derive fields."""

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        """Change the updated object before validation."""

    def prepare_status_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        """Change the object of a status update before validation (spec is already the stored one)."""

    def generation_changes(self, new: Json, old: Json) -> bool:
        """Whether an update counts in ``metadata.generation``."""
        return bool(new.get("spec") != old.get("spec"))

    def subresource_fields(self, subresource: str) -> tuple[str, ...]:
        """Return the top-level fields that an update through the subresource may change."""
        return ("status",) if subresource == "status" else ("spec",)

    def prepare_subresource_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        """Change the object of an update through ``ctx.subresource`` before validation."""
        if ctx.subresource == "status":
            self.prepare_status_update(ctx, new, old)

    def validate_subresource_update(self, subresource: str, new: Json, old: Json) -> list[FieldError]:
        """Return what is wrong with a change, through a subresource or ("") of the object itself."""
        if subresource == "status":
            return self.validate_status_update(new, old)
        return self.validate_update(new, old)

    def delete_warnings(self, propagation: str | None) -> list[str]:
        """Return warnings for a delete with this propagation policy (None: none was given)."""
        return []

    def before_delete(self, ctx: RequestContext, obj: Json, *, waits: bool) -> tuple[Json, bool]:
        """Change a copy of the object that is being deleted; also returns whether it lives on for now."""
        return obj, waits

    def to_version(self, obj: Json, api_version: str) -> Json:
        """Return the stored object as another served version shows it."""
        return obj | {"apiVersion": api_version}

    def from_version(self, obj: Json) -> Json:
        """Return a request's object of another served version as it is stored."""
        return obj

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        """Return what is wrong with the name (``prefix``: with ``generateName``), in upstream's words."""
        from k8s_tutor.apimachinery import names

        return names.is_dns1123_subdomain(name[:-1] if prefix and name.endswith("-") else name)

    def validate_create(self, obj: Json) -> list[FieldError]:
        """Return what is wrong with a new object, in upstream's order; metadata is checked by the storage."""
        return []

    def validate_version(self, api_version: str, obj: Json, old: Json | None) -> list[FieldError]:
        """Return what is wrong to the eyes of the version in which a request is made, beside all else."""
        return []

    def validate_update(self, new: Json, old: Json) -> list[FieldError]:
        """Return what is wrong with a change."""
        return []

    def validate_status_update(self, new: Json, old: Json) -> list[FieldError]:
        """Return what is wrong with a change of status."""
        return []

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        """Return texts for ``Warning`` headers."""
        return []

    def canonicalize(self, obj: Json) -> None:
        """Change the valid object before it is stored: what reading it back would default."""

    def row(self, obj: Json, now: float) -> list[Any]:
        """Return the Table's cells for an object; ``now`` is cluster time (``machinery.meta.age`` counts)."""
        meta = obj["metadata"]
        return [meta["name"], meta.get("creationTimestamp")]

    def row_conditions(self, obj: Json) -> list[Json]:
        """Return the conditions of the Table's row: whether the object has done its work."""
        return []

    def selectable(self, obj: Json) -> dict[str, str] | None:
        """Return the kind's own field-selector values beside ``metadata.name`` and ``metadata.namespace``."""
        return {}

    def field_labels(self, group: str) -> Mapping[str, str] | None:
        """Return what the fields of ``selectable`` are called in an API group, all that it knows; None: the same."""
        return None

    def grace_period(self, obj: Json, requested: int | None) -> int | None:
        """Return the seconds an object takes to end (pods), or None: deleted at once."""
        return None

    def after_write(self, obj: Json) -> None:
        """React to a stored create or update (allocations to be confirmed)."""

    def after_delete(self, obj: Json) -> None:
        """React to a removal (allocations to be released)."""
