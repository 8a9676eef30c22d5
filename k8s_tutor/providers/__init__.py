"""Where the cluster comes from: the practice cluster, kind, minikube, or an existing context.

Every provider yields the same thing, a kubeconfig file of our own; what it can do beyond is said by ``capabilities``
(design.md, "Providers"). One provider a file in ``kinds/``; further ones come in by the entry point
``k8s_tutor.providers``.
"""

from k8s_tutor.providers.contract import Capability, Provider, ProviderStatus
from k8s_tutor.providers.registry import current, names, open_provider, remember

__all__ = ["Capability", "Provider", "ProviderStatus", "current", "names", "open_provider", "remember"]
