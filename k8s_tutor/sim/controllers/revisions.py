"""ControllerRevisions: the past templates of StatefulSets and DaemonSets (upstream: ``pkg/controller/history``)."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.pods import created
from k8s_tutor.sim.machinery.meta import controller_reference
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient

RESOURCE = "controllerrevisions.apps"
MAX_PREFIX = 223


class History:
    """The revisions of one workload at a time.

    Args:
        client: with which they are written.
        hash_label: the label that carries a revision's hash.
        hash_of: makes the hash of a revision's data and the number of collisions.
    """

    def __init__(self, client: LocalClient, hash_label: str, hash_of: Callable[[Json, int], str]) -> None:
        self._client = client
        self._label = hash_label
        self._make_hash = hash_of
        self._index = owner_index(client.store, RESOURCE)

    def of(self, owner: Json) -> list[Json]:
        """Return the owner's revisions, the oldest first."""
        found = self._index.owned(owner["metadata"]["uid"])
        return sorted(found, key=lambda r: (r["revision"], created(r), r["metadata"]["name"]))

    def adopt(self, owner: Json) -> None:
        """Take over revisions without an owner that the selector matches: those of a workload deleted as orphan."""
        selector = from_label_selector(owner["spec"]["selector"])
        Claims(self._client, RESOURCE, owner, selector).claim((), self._index.orphans(owner["metadata"]["namespace"]))

    def hash_of(self, revision: Json) -> str:
        """Return the hash in a revision's label."""
        return str((revision["metadata"].get("labels") or {}).get(self._label, ""))

    def current(self, owner: Json, collisions: int) -> tuple[Json, int]:
        """Return the revision of the owner's present template, made or raised to the newest; and the collisions."""
        revisions = self.of(owner)
        template = owner["spec"]["template"]
        number = (revisions[-1]["revision"] if revisions else 0) + 1
        equal = [revision for revision in revisions if template_of(revision) == template]
        if not equal:
            return self._create(owner, number, collisions)
        found = equal[-1]
        if found is not revisions[-1]:
            copy = clone(found)
            copy["revision"] = number
            found = self._client.update(RESOURCE, copy)
        return found, collisions

    def _create(self, owner: Json, number: int, collisions: int) -> tuple[Json, int]:
        template, meta = owner["spec"]["template"], owner["metadata"]
        data = _in_order({"spec": {"template": {**template, "$patch": "replace"}}})
        first = self._make_hash(data, collisions)
        while True:
            name = f"{meta['name'][:MAX_PREFIX]}-{self._make_hash(data, collisions)}"
            labels = dict((template.get("metadata") or {}).get("labels") or {}) | {self._label: first}
            revision: Json = {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "labels": labels,
                    "ownerReferences": [controller_reference(owner)],
                },
                "data": data,
                "revision": number,
            }
            if meta.get("annotations"):
                revision["metadata"]["annotations"] = dict(meta["annotations"])
            try:
                return self._client.create(RESOURCE, revision), collisions
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    raise
                same = self._client.get(RESOURCE, name, meta["namespace"])
                if same is not None and same.get("data") == data:
                    return same, collisions
                collisions += 1

    def truncate(self, owner: Json, live: Collection[str], *, count_used: Collection[str] = ()) -> None:
        """Delete the oldest revisions beyond the limit that no pod uses.

        Args:
            owner: the workload.
            live: names or hashes in use, which stay.
            count_used: those of them that count towards the limit all the same.
        """
        idle = [r for r in self.of(owner) if r["metadata"]["name"] not in live and self.hash_of(r) not in live]
        limit = owner["spec"].get("revisionHistoryLimit", 10)
        for revision in idle[: max(0, len(idle) + len(count_used) - limit)]:
            self._client.delete(RESOURCE, revision["metadata"]["name"], revision["metadata"]["namespace"])


def _in_order(value: Any) -> Any:
    """Copy with sorted keys: clients compare the text of what a revision keeps, and Go's JSON sorts maps."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def template_of(revision: Json) -> Json:
    """Return the pod template that a revision keeps."""
    template: Json = (revision.get("data") or {}).get("spec", {}).get("template", {})
    return {key: value for key, value in template.items() if key != "$patch"}


def by_name(revisions: Sequence[Json], name: str) -> Json | None:
    """Return the revision of a name, or None."""
    return next((revision for revision in revisions if revision["metadata"]["name"] == name), None)
