"""What a practice cluster is made of: its nodes, and whether it has a control-plane node and add-ons."""

from dataclasses import dataclass

CONTROL_PLANE_NODE = "control-plane"


@dataclass(frozen=True, slots=True)
class NodeShape:
    """A node that has a kubelet.

    Attributes:
        name: ``node1`` …
        control_plane: it carries the control plane's static Pods and its taint.
    """

    name: str
    control_plane: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What is started: ``nodes`` workers, and unless ``bare`` a control-plane node and add-ons."""

    nodes: int = 2
    bare: bool = False

    def members(self) -> list[NodeShape]:
        """Return the nodes in order."""
        first = [] if self.bare else [NodeShape(CONTROL_PLANE_NODE, control_plane=True)]
        return first + [NodeShape(f"node{number}") for number in range(1, self.nodes + 1)]
