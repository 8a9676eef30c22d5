"""The served resources: each with its names (discovery) and its strategy (``sim/resources``)."""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from k8s_tutor.apimachinery.conforming import Conformed, conform
from k8s_tutor.apimachinery.encoding import JUDGED, encoded
from k8s_tutor.apimachinery.gates import without_disabled
from k8s_tutor.apimachinery.schema.tables import type_for
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import qualified
from k8s_tutor.sim.registry.strategy import Objects, Strategy

RESOURCE = re.compile(r'^    resource(?:: ClassVar\[str\])? = "([a-z0-9.]+)"$', re.MULTILINE)


class Codec(Protocol):
    """Decodes and encodes the objects of a custom kind."""

    def conform(self, obj: Json, duplicates: tuple[str, ...]) -> Conformed:
        """Return the object without unknown fields, and what strict decoding has against it."""

    def encode(self, obj: Json) -> Json:
        """Return the object as it is stored and shown."""


@dataclass(slots=True)
class Resource:
    """One served resource.

    Attributes:
        plural, group, version, kind, singular, namespaced, verbs, short_names, categories: as discovery shows them.
        subresources: name to its discovery entry (kind, group, version, verbs).
        make_strategy: makes what the kind adds to the generic storage, when it is first needed.
        custom: the CustomResourceDefinition behind it, or None for built-in kinds.
        returns_deleted: DELETE answers with the object, not with a Status, also when it has gone.
        codec: of custom kinds, whose objects follow a structural schema.
        name: ``plural`` or ``plural.group``, the store's name of the resource.
        api_version: ``v1`` or ``group/version``.
        stored_as: the store's name where the objects are those of another resource (events.k8s.io's are core's).
    """

    plural: str
    group: str
    version: str
    kind: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...]
    make_strategy: Callable[[], Strategy]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: dict[str, Json] = field(default_factory=dict)
    custom: Json | None = None
    stored_as: str = ""
    name: str = field(init=False)
    api_version: str = field(init=False)
    returns_deleted: bool = False
    codec: Codec | None = None
    objects: Objects | None = field(default=None, repr=False)
    _type: Type | None = field(default=None, repr=False)
    _strategy: Strategy | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.name = self.stored_as or qualified(self.plural, self.group)
        self.api_version = f"{self.group}/{self.version}" if self.group else self.version

    @property
    def strategy(self) -> Strategy:
        """What the kind adds to the generic storage."""
        if self._strategy is None:
            self._strategy = self.make_strategy()
            if self.objects is not None:
                self._strategy.attach(self.objects)
        return self._strategy

    def subresource_kind(self, name: str) -> tuple[str, str, str]:
        """Return group, version and kind of what a subresource takes and gives."""
        kind = self.subresources[name]["responseKind"]
        return kind.get("group") or "", kind.get("version") or self.version, kind["kind"]

    @property
    def schema(self) -> Type | None:
        """The kind's schema."""
        if self._type is None:
            self._type = type_for(self.group, self.version, self.kind)
        return self._type

    @schema.setter
    def schema(self, value: Type) -> None:
        self._type = value

    def conform(self, obj: Json, duplicates: tuple[str, ...] = ()) -> Conformed:
        """Return a request's object as one of this kind, with what strict decoding has against it."""
        if self.codec is not None:
            return self.codec.conform(obj, duplicates)
        kind = self.schema
        return conform(obj, kind, duplicates) if kind is not None else Conformed(dict(obj), list(duplicates), None)

    def encode(self, obj: Json, old: Json | None = None) -> Json:
        """Return the object as it is stored and shown: empty fields dropped, or added, as Go's encoder does.

        What is equal in the stored object ``old`` is shared with it.
        """
        if self.codec is not None:
            return self.codec.encode(obj)
        kind = self.schema
        return encoded(obj, kind, old=old) if kind is not None else obj

    def admitted(self, obj: Json) -> Json:
        """Return the object without fields whose features are off."""
        kind = None if self.codec is not None else self.schema
        return without_disabled(obj, kind) if kind is not None else obj

    def judged(self, obj: Json, old: Json) -> Json:
        """Return the admitted object of an update as it can be compared with the stored one."""
        kind = None if self.codec is not None else self.schema
        return encoded(without_disabled(obj, kind, old), kind, form=JUDGED, old=old) if kind is not None else obj


def strategy_makers() -> dict[str, Callable[[], Strategy]]:
    """Return what makes the strategies of ``k8s_tutor.sim.resources``, by resource name.

    A module is imported when its strategy is first needed: together they cost a third of the start-up budget. Which
    resource a module is for is read from its text (``resource = "…"`` in the class).
    """
    from k8s_tutor.sim import resources

    found: dict[str, Callable[[], Strategy]] = {}
    for path in sorted(Path(resources.__path__[0]).glob("*.py")):
        for name in RESOURCE.findall(path.read_text(encoding="utf-8")):
            found[name] = partial(_make_strategy, f"{resources.__name__}.{path.stem}", name)
    return found


def _make_strategy(module: str, name: str) -> Strategy:
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, type) and issubclass(value, Strategy) and value.resource == name:
            return value()
    raise LookupError(f"{module} has no strategy for {name}")


class Scheme:
    """All served resources, built-in and custom.

    Autoscaling is served in two versions of one stored object: ``by_path`` knows each (group, version, plural),
    ``resources`` each stored resource once, in its storage version.
    """

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.by_path: dict[tuple[str, str, str], Resource] = {}

    def add(self, resource: Resource, *, stored: bool = True) -> None:
        """Serve a resource; ``stored`` marks the version in which its objects are kept."""
        self.by_path[resource.group, resource.version, resource.plural] = resource
        if stored:
            self.resources[resource.name] = resource

    def remove(self, resource: Resource) -> None:
        """Serve it no longer."""
        self.by_path.pop((resource.group, resource.version, resource.plural), None)
        if self.resources.get(resource.name) is resource:
            del self.resources[resource.name]

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource served at a path, or None."""
        return self.by_path.get((group, version, plural))

    def for_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource of a kind, or None."""
        return next((r for r in self if r.kind == kind and r.api_version == api_version), None)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.by_path.values())
