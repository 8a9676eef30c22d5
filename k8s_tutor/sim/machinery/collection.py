"""The objects of one resource, in the order of etcd's keys (``namespace/name``), which is the order of lists and pages.

That is not the order of (namespace, name): ``-`` comes before ``/``, so namespace ``a-b`` before ``a``.
"""

import bisect
from collections.abc import Iterator
from typing import Generic, TypeVar

Key = tuple[str, str]  # namespace ("" for cluster-wide objects), name
T = TypeVar("T")


def path(key: Key) -> str:
    """Return the end of an object's key in etcd."""
    return f"{key[0]}/{key[1]}"


class Collection(Generic[T]):
    """Objects by key; their order is made when somebody lists them, and kept from then on."""

    __slots__ = ("_items", "_paths")

    def __init__(self) -> None:
        self._items: dict[str, T] = {}
        self._paths: list[str] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: Key) -> T | None:
        """Return what is there, or None."""
        return self._items.get(path(key))

    def put(self, key: Key, item: T) -> T | None:
        """Put an object in its place; returns what it replaces."""
        place = path(key)
        old = self._items.get(place)
        self._items[place] = item
        if old is None and self._paths is not None:
            bisect.insort(self._paths, place)
        return old

    def pop(self, key: Key) -> T | None:
        """Take an object out."""
        place = path(key)
        old = self._items.pop(place, None)
        if old is not None and self._paths is not None:
            del self._paths[bisect.bisect_left(self._paths, place)]
        return old

    def listed(self, namespace: str | None = None, start: str = "") -> Iterator[T]:
        """Yield in order (``None``: of all namespaces), from a path on; what is taken out meanwhile is left out."""
        if self._paths is None:
            self._paths = sorted(self._items)
        first, end = 0, len(self._paths)
        if namespace is not None:
            first = bisect.bisect_left(self._paths, f"{namespace}/")
            end = bisect.bisect_left(self._paths, f"{namespace}0", first)  # "0" is what follows "/"
        if start:
            first = bisect.bisect_left(self._paths, start, first)
        for place in self._paths[first:end]:
            if (item := self._items.get(place)) is not None:
                yield item

    def copy(self) -> "Collection[T]":
        """Return another one with the same objects."""
        other: Collection[T] = Collection()
        other._items = dict(self._items)
        return other
