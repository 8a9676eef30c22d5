"""Nothing is made in a namespace that is missing or ends; three namespaces cannot be deleted.

Mirrors ``apiserver/pkg/admission/plugin/namespace/lifecycle``.
"""

from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.machinery.status import forbidden, not_found
from k8s_tutor.sim.registry.attributes import Attributes

IMMORTAL = frozenset(("default", "kube-system", "kube-public"))
REVIEWS = frozenset(("localsubjectaccessreviews",))


class NamespaceLifecycle(Plugin):
    """Checks the namespace of a request."""

    name = "NamespaceLifecycle"
    operations = frozenset(("CREATE", "UPDATE", "DELETE"))
    of_others = True

    def admit(self, attributes: Attributes) -> None:
        resource = attributes.resource
        if resource.name == "namespaces":
            if attributes.operation == "DELETE" and attributes.name in IMMORTAL:
                raise forbidden("namespaces", "", attributes.name, "this namespace may not be deleted")
            return
        if not attributes.namespace or attributes.operation == "DELETE" or resource.plural in REVIEWS:
            return
        entry = self.store.get("namespaces", "", attributes.namespace)
        if entry is None:
            raise not_found("namespaces", "", attributes.namespace)
        if attributes.operation != "CREATE" or "deletionTimestamp" not in entry.obj["metadata"]:
            return
        why = f"unable to create new content in namespace {attributes.namespace} because it is being terminated"
        error = forbidden(resource.plural, resource.group, attributes.name, why)
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {attributes.namespace} is being terminated",
            "field": "metadata.namespace",
        }
        error.details = (error.details or {}) | {"causes": [cause]}
        raise error
