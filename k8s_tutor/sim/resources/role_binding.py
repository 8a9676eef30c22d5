"""RoleBindings (upstream: ``registry/rbac/rolebinding``)."""

from k8s_tutor.sim.resources.shared.rbac import BindingStrategy, binding_columns


class RoleBindingStrategy(BindingStrategy):
    """The kind RoleBinding."""

    resource = "rolebindings.rbac.authorization.k8s.io"
    role_kinds = ("Role", "ClusterRole")
    namespaced = True
    columns = binding_columns("roleBinding")
