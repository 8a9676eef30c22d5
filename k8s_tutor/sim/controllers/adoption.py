"""Who belongs to whom: a controller keeps what it owns, adopts what matches, releases what no longer does.

Upstream: ``controller_ref_manager.go``.
"""

from collections.abc import Iterable, Iterator

from k8s_tutor.apimachinery.labels import Selector
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import controller_reference
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient


class Claims:
    """Claims objects of one resource for one controller object.

    Args:
        client: with which references are written.
        resource: ``pods``, ``replicasets.apps`` …
        owner: the controller object.
        selector: its selector.
        finalizer: put on what is adopted, and taken from what is released.

    Attributes:
        adopted: how many objects were adopted.
    """

    def __init__(
        self, client: LocalClient, resource: str, owner: Json, selector: Selector, finalizer: str = ""
    ) -> None:
        self._client = client
        self._resource = resource
        self._owner = owner
        self._selector = selector
        self._finalizer = finalizer
        self._dying = "deletionTimestamp" in owner["metadata"]
        self.adopted = 0

    def claim(self, owned: Iterable[Json], orphans: Iterable[Json]) -> list[Json]:
        """Return what belongs to the owner, after adopting and releasing."""
        return [*self._keep(owned), *self._adopt(orphans)]

    def _keep(self, owned: Iterable[Json]) -> Iterator[Json]:
        for obj in owned:
            if self._selector.matches(obj["metadata"].get("labels")):
                yield obj
            elif not self._dying:
                self._release(obj)

    def _adopt(self, orphans: Iterable[Json]) -> Iterator[Json]:
        if self._dying:
            return
        for obj in orphans:
            meta = obj["metadata"]
            if "deletionTimestamp" in meta or not self._selector.matches(meta.get("labels")):
                continue
            adopted = self._write(obj, [*meta.get("ownerReferences", ()), controller_reference(self._owner)], keep=True)
            if adopted is not None:
                self.adopted += 1
                yield adopted

    def _release(self, obj: Json) -> None:
        uid = self._owner["metadata"]["uid"]
        self._write(obj, [r for r in obj["metadata"]["ownerReferences"] if r["uid"] != uid], keep=False)

    def _write(self, obj: Json, references: list[Json], *, keep: bool) -> Json | None:
        meta = obj["metadata"]

        def change(new: Json) -> None:
            new["metadata"]["ownerReferences"] = references
            finalizers = [f for f in new["metadata"].get("finalizers", ()) if f != self._finalizer]
            if keep and self._finalizer:
                finalizers.append(self._finalizer)
            for key, value in (("ownerReferences", references), ("finalizers", finalizers)):
                if value:
                    new["metadata"][key] = value
                else:
                    new["metadata"].pop(key, None)

        try:
            return self._client.change(self._resource, meta["namespace"], meta["name"], change)
        except ApiError as error:
            if error.code in {404, 422}:
                return None  # gone, or changed by somebody else meanwhile
            raise
