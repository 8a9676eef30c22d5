"""ServiceAccounts (upstream: ``registry/core/serviceaccount``)."""

from typing import Any

from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy

Json = dict[str, Any]


class ServiceAccountStrategy(KindStrategy):
    """The kind ServiceAccount."""

    resource = "serviceaccounts"
    columns = table.table(table.NAME, table.AGE)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], table.created(obj, now)]
