"""ClusterRole: as a Role."""

from k8s_tutor.kubectl.describe.role import GROUP, describe

__all__ = ["GROUP", "describe"]
