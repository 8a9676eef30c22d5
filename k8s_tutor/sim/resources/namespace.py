"""Namespaces (upstream: ``registry/core/namespace``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, begin

KUBERNETES = "kubernetes"
_STANDARD = (KUBERNETES, "orphan", "foregroundDeletion")
_NEITHER = "name is neither a standard finalizer name nor is it fully qualified"
NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceStrategy(KindStrategy):
    """The kind Namespace."""

    resource = "namespaces"
    has_status = True
    name_rule = staticmethod(names.is_dns1123_label)
    fields = ("status.phase",)
    columns = table.table(table.NAME, table.plain("Status", "The status of the namespace"), table.AGE)

    def default(self, obj: Json) -> None:
        name = (obj.get("metadata") or {}).get("name")
        if name:
            obj["metadata"]["labels"] = {**(obj["metadata"].get("labels") or {}), NAME_LABEL: name}
        status = obj.get("status") or {}
        obj["status"] = status
        if not status.get("phase"):
            status["phase"] = "Active"

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {"phase": "Active"}
        metadata = obj["metadata"]
        metadata["labels"] = {**(metadata.get("labels") or {}), NAME_LABEL: metadata.get("name", "")}
        spec = obj.get("spec") or {}
        obj["spec"] = spec
        finalizers = list(spec.get("finalizers") or [])
        if KUBERNETES not in finalizers:
            spec["finalizers"] = [*finalizers, KUBERNETES]

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        new["spec"] = {**(new.get("spec") or {}), "finalizers": (old.get("spec") or {}).get("finalizers") or []}

    def prepare_subresource_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        if ctx.subresource == "finalize":
            new["status"] = old.get("status") or {}
        else:
            super().prepare_subresource_update(ctx, new, old)

    def before_delete(self, ctx: RequestContext, obj: Json, *, waits: bool) -> tuple[Json, bool]:
        """A namespace is marked, and stays until its finalizers are gone."""
        left = (obj.get("spec") or {}).get("finalizers") or ()
        if not obj["metadata"].get("deletionTimestamp"):
            meta = obj["metadata"] | {"deletionTimestamp": rfc3339(self.store.clock.now())}
            obj = obj | {"metadata": meta, "status": (obj.get("status") or {}) | {"phase": "Terminating"}}
        return obj, waits or bool(left)

    def _check_finalizers(self, v: At, path: At) -> None:
        for number, name in enumerate((v.get("spec") or {}).get("finalizers") or ()):
            at = path if path.value is None else path.index(number)
            at.judge("", names.is_qualified_name, name)
            if "/" not in name and name not in _STANDARD:
                at.invalid("", _NEITHER, name)

    def check(self, v: At, old: Json | None) -> None:
        if old is None:
            self._check_finalizers(v, At(v.errors, "spec.finalizers", None))

    def validate_finalize_update(self, new: Json, old: Json) -> list[FieldError]:
        """Return what is wrong with a change through ``finalize``."""
        v = begin(new)
        self._check_finalizers(v, At(v.errors, "spec.finalizers", []))
        return v.errors

    def check_status(self, v: At, old: Json) -> None:
        phase = v.at("status").text("phase")
        deleted = bool((v.get("metadata") or {}).get("deletionTimestamp"))
        want = "Terminating" if deleted else "Active"
        if phase != want:
            state = "not empty" if deleted else "empty"
            v.at("status").invalid("Phase", f"may only be '{want}' if `deletionTimestamp` is {state}", phase)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], (obj.get("status") or {}).get("phase") or "", table.created(obj, now)]
