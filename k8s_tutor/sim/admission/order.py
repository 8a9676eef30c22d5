"""The plug-ins in upstream's order (``kubeapiserver/options/plugins.go``), those that are on by default."""

from k8s_tutor.sim.admission.certificates import CertificateApproval, CertificateSubjectRestriction
from k8s_tutor.sim.admission.default_ingress_class import DefaultIngressClass
from k8s_tutor.sim.admission.default_storage_class import DefaultStorageClass
from k8s_tutor.sim.admission.default_toleration_seconds import DefaultTolerationSeconds
from k8s_tutor.sim.admission.escalation import RbacEscalation
from k8s_tutor.sim.admission.limit_ranger import LimitRanger
from k8s_tutor.sim.admission.mutating_policies import MutatingAdmissionPolicy
from k8s_tutor.sim.admission.namespace_lifecycle import NamespaceLifecycle
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.admission.pod_security import PodSecurity
from k8s_tutor.sim.admission.pod_topology_labels import PodTopologyLabels
from k8s_tutor.sim.admission.policies import ValidatingAdmissionPolicy
from k8s_tutor.sim.admission.priority import Priority
from k8s_tutor.sim.admission.resource_quota import ResourceQuota
from k8s_tutor.sim.admission.runtime_class import RuntimeClass
from k8s_tutor.sim.admission.service_account import ServiceAccount
from k8s_tutor.sim.admission.storage_protection import StorageObjectInUseProtection
from k8s_tutor.sim.admission.taint_nodes_by_condition import TaintNodesByCondition
from k8s_tutor.sim.admission.webhooks import MutatingAdmissionWebhook, ValidatingAdmissionWebhook

PLUGINS: tuple[type[Plugin], ...] = (
    RbacEscalation,
    NamespaceLifecycle,
    LimitRanger,
    ServiceAccount,
    TaintNodesByCondition,
    PodSecurity,
    Priority,
    DefaultTolerationSeconds,
    DefaultStorageClass,
    StorageObjectInUseProtection,
    RuntimeClass,
    CertificateApproval,
    CertificateSubjectRestriction,
    DefaultIngressClass,
    PodTopologyLabels,
    MutatingAdmissionPolicy,
    MutatingAdmissionWebhook,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionWebhook,
    ResourceQuota,
)
