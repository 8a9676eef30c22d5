"""ServiceAccounts (upstream: ``registry/core/serviceaccount``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy

_ENFORCE = "kubernetes.io/enforce-mountable-secrets"


class ServiceAccountStrategy(KindStrategy):
    """The kind ServiceAccount."""

    resource = "serviceaccounts"
    columns = table.table(table.NAME, table.AGE)

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        _only_names(obj)

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        _only_names(new)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        present = [_ENFORCE in (item["metadata"].get("annotations") or {}) for item in (obj, old) if item is not None]
        if present not in ([True], [True, False]):
            return []
        advice = "prefer separate namespaces to isolate access to mounted secrets"
        return [f"metadata.annotations[{_ENFORCE}]: deprecated in v1.32+; {advice}"]

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], table.created(obj, now)]


def _only_names(obj: Json) -> None:
    """Keep the names of secrets, and nothing else of the references."""
    if obj.get("secrets"):
        obj["secrets"] = [{"name": item["name"]} if item.get("name") else {} for item in obj["secrets"]]
