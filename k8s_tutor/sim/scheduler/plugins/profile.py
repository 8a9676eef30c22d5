"""The default profile (upstream: ``apis/config/v1/default_plugins.go``)."""

from k8s_tutor.sim.scheduler.devices.plugin import DynamicResources
from k8s_tutor.sim.scheduler.framework import Handle, Profile
from k8s_tutor.sim.scheduler.plugins.balanced_allocation import BalancedAllocation
from k8s_tutor.sim.scheduler.plugins.image_locality import ImageLocality
from k8s_tutor.sim.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from k8s_tutor.sim.scheduler.plugins.node_affinity import NodeAffinity
from k8s_tutor.sim.scheduler.plugins.node_declared_features import NodeDeclaredFeatures
from k8s_tutor.sim.scheduler.plugins.node_name import NodeName
from k8s_tutor.sim.scheduler.plugins.node_ports import NodePorts
from k8s_tutor.sim.scheduler.plugins.node_unschedulable import NodeUnschedulable
from k8s_tutor.sim.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from k8s_tutor.sim.scheduler.plugins.pod_topology_spread import PodTopologySpread
from k8s_tutor.sim.scheduler.plugins.resources_fit import NodeResourcesFit
from k8s_tutor.sim.scheduler.plugins.taint_toleration import TaintToleration
from k8s_tutor.sim.scheduler.plugins.volume_binding import VolumeBinding
from k8s_tutor.sim.scheduler.plugins.volume_restrictions import VolumeRestrictions
from k8s_tutor.sim.scheduler.plugins.volume_zone import VolumeZone

DEFAULT = (
    NodeName,
    NodeUnschedulable,
    TaintToleration,
    NodeAffinity,
    NodePorts,
    NodeResourcesFit,
    VolumeRestrictions,
    NodeVolumeLimits,
    VolumeBinding,
    VolumeZone,
    PodTopologySpread,
    InterPodAffinity,
    DynamicResources,
    BalancedAllocation,
    ImageLocality,
    NodeDeclaredFeatures,
)


def default_profile(handle: Handle) -> Profile:
    """Return the plug-ins of ``default-scheduler``."""
    return Profile((plugin(handle) for plugin in DEFAULT), handle)
