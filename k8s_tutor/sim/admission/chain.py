"""The chain of admission plug-ins, in upstream's order.

Mirrors ``apiserver/pkg/admission/chain.go`` and the order of ``kubeapiserver/options/plugins.go``. A plug-in is one
class in one file of this package with ``admit`` (may change ``attributes.obj``) and ``validate`` (may only refuse); it
says with ``handles`` which operations concern it.
"""

from k8s_tutor.sim.admission.order import PLUGINS
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.auth.authorizer import Authorizer
from k8s_tutor.sim.registry.rest import Attributes, Rest


class AdmissionChain:
    """All plug-ins; each request sees only those that concern its resource and operation."""

    def __init__(self) -> None:
        self._plugins: list[Plugin] = []
        self._cache: dict[tuple[str, str, bool], tuple[list[Plugin], list[Plugin]]] = {}

    def attach(self, rest: Rest, authorizer: Authorizer) -> None:
        """Make the plug-ins, which look things up in the storage."""
        self._plugins = [make(rest, authorizer) for make in PLUGINS]
        self._cache.clear()

    def admit(self, attributes: Attributes) -> None:
        """Let mutating plug-ins change ``attributes.obj`` in place, or refuse with ApiError."""
        concerned = self._concerned(attributes)[0]
        for plugin in concerned:
            plugin.admit(attributes)
        if attributes.mutated:
            # What users' policies and webhooks have added is looked at by those before them too (reinvocation).
            for plugin in concerned:
                if not plugin.of_users:
                    plugin.admit(attributes)

    def validate(self, attributes: Attributes) -> None:
        """Let validating plug-ins refuse with ApiError."""
        for plugin in self._concerned(attributes)[1]:
            plugin.validate(attributes)

    def _concerned(self, attributes: Attributes) -> tuple[list[Plugin], list[Plugin]]:
        key = (attributes.resource.name, attributes.operation, attributes.kind is not None)
        found = self._cache.get(key)
        if found is None:
            concerned = [
                plugin
                for plugin in self._plugins
                if key[1] in plugin.operations
                and (plugin.of_others if key[2] else not plugin.resources or key[0] in plugin.resources)
            ]
            found = self._cache[key] = (
                [plugin for plugin in concerned if type(plugin).admit is not Plugin.admit],
                [plugin for plugin in concerned if type(plugin).validate is not Plugin.validate],
            )
        return found
