"""Fills ClusterRoles that are made of others, by label (upstream: ``clusterroleaggregation``)."""

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.store import Event

ROLES = "clusterroles.rbac.authorization.k8s.io"


class ClusterRoleAggregationController(Controller):
    """Keeps the rules of aggregated ClusterRoles."""

    name = manager = "clusterrole-aggregation-controller"

    def setup(self) -> None:
        self.watch(ROLES, self._changed)

    def _changed(self, _: Event) -> None:
        for role in self.client.list(ROLES):
            if role.get("aggregationRule"):
                self.enqueue(role)

    def reconcile(self, namespace: str, name: str) -> None:
        role = self.client.get(ROLES, name)
        if role is None or not role.get("aggregationRule"):
            return
        rules: list[Json] = []
        for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
            matching = from_label_selector(selector)
            for other in sorted(self.client.list(ROLES), key=lambda role: str(role["metadata"]["name"])):
                if other["metadata"]["name"] != name and matching.matches(other["metadata"].get("labels")):
                    rules += [rule for rule in other.get("rules") or () if rule not in rules]
        if rules != (role.get("rules") or []):
            self.client.apply(ROLES, {"metadata": {"name": name}, "rules": clone(rules)})
