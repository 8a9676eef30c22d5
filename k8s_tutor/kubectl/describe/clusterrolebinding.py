"""ClusterRoleBinding: as a RoleBinding."""

from k8s_tutor.kubectl.describe.rolebinding import GROUP, describe

__all__ = ["GROUP", "describe"]
