"""ClusterRoles (upstream: ``registry/rbac/clusterrole``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_selector, parse
from k8s_tutor.sim.resources.shared.rbac import check_rules, declared_rules

_ONE = "at least one clusterRoleSelector required if aggregationRule is non-nil"


class ClusterRoleStrategy(KindStrategy):
    """The kind ClusterRole."""

    resource = "clusterroles.rbac.authorization.k8s.io"
    no_rows = None
    allow_create_on_update = True
    name_rule = staticmethod(names.is_path_segment)

    def check(self, v: At, old: Json | None) -> None:
        check_rules(v, namespaced=False)
        if v.get("aggregationRule") is None:
            return
        rule = v.at("aggregationRule")
        rule.need("clusterRoleSelectors", _ONE)
        for selector in rule.each("clusterRoleSelectors"):
            check_selector(selector)
            if parse(selector.value) is None:
                selector.invalid("", "invalid label selector.", None)

    def declared(self, v: At, old: Json | None) -> None:
        declared_rules(v)
