"""The simulated node: a kubelet that keeps pods running in the cluster's own container runtime.

``Kubelet(kit, node)`` is one component (``start``, ``stop``). What to read first: ``worker.py`` (a pod's life),
``actions.py`` and ``runner.py`` (a sync), ``pod_status.py`` (what the API shows), ``stages/`` (delays and phases as data).
"""

from k8s_tutor.sim.kubelet.kubelet import Kubelet
from k8s_tutor.sim.kubelet.node import Capacity
from k8s_tutor.sim.kubelet.snapshot import restore_nodes, snapshot_nodes, write_nodes

__all__ = ["Capacity", "Kubelet", "restore_nodes", "snapshot_nodes", "write_nodes"]
