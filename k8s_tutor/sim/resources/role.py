"""Roles (upstream: ``registry/rbac/role``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.rbac import check_rules, declared_rules


class RoleStrategy(KindStrategy):
    """The kind Role."""

    resource = "roles.rbac.authorization.k8s.io"
    no_rows = None
    allow_create_on_update = True
    name_rule = staticmethod(names.is_path_segment)

    def check(self, v: At, old: Json | None) -> None:
        check_rules(v, namespaced=True)

    def declared(self, v: At, old: Json | None) -> None:
        declared_rules(v)
