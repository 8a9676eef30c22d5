"""ClusterRoleBindings (upstream: ``registry/rbac/clusterrolebinding``)."""

from k8s_tutor.sim.resources.shared.rbac import BindingStrategy, binding_columns


class ClusterRoleBindingStrategy(BindingStrategy):
    """The kind ClusterRoleBinding."""

    resource = "clusterrolebindings.rbac.authorization.k8s.io"
    columns = binding_columns("clusterRoleBinding")
