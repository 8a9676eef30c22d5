"""Pictures of the cluster: pure functions from Kubernetes objects to lines of ``rich.text.Text``.

Nothing is said by colour alone: every state has its own sign (``●`` ready, ``◐`` coming, ``✗`` failing, ``○`` ending).
"""

from k8s_tutor.tui.pictures.events import events
from k8s_tutor.tui.pictures.nodes import nodes
from k8s_tutor.tui.pictures.rollout import rollouts
from k8s_tutor.tui.pictures.tree import tree

__all__ = ["events", "nodes", "rollouts", "tree"]
