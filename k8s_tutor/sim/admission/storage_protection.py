"""Claims and volumes get the finalizers that keep them while in use (``plugin/pkg/admission/storage/…inuseprotection``)."""

from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.registry.attributes import Attributes

FINALIZERS = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
    "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection(Plugin):
    """Adds the finalizer."""

    name = "StorageObjectInUseProtection"
    resources = frozenset(FINALIZERS)
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        if attributes.obj is None or attributes.subresource:
            return
        meta, wanted = attributes.obj["metadata"], FINALIZERS[attributes.resource.name]
        if wanted not in (meta.get("finalizers") or ()):
            meta["finalizers"] = [*(meta.get("finalizers") or ()), wanted]
