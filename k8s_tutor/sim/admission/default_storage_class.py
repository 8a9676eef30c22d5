"""Claims without a class get the default one (``plugin/pkg/admission/storage/storageclass/setdefault``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.registry.attributes import Attributes

CLASSES = "storageclasses.storage.k8s.io"
DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
OLD = "volume.beta.kubernetes.io/storage-class"


class DefaultStorageClass(Plugin):
    """Sets ``storageClassName``; of several default classes the newest, then the first by name."""

    name = "DefaultStorageClass"
    resources = frozenset(("persistentvolumeclaims",))
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        claim = attributes.obj
        if claim is None or attributes.subresource or OLD in (claim["metadata"].get("annotations") or {}):
            return
        if claim["spec"].get("storageClassName") is not None:
            return
        defaults = [entry.obj for entry in self.store.entries(CLASSES) if is_default(entry.obj, DEFAULT)]
        if defaults:
            newest = max(obj["metadata"]["creationTimestamp"] for obj in defaults)
            chosen = next(obj for obj in defaults if obj["metadata"]["creationTimestamp"] == newest)
            claim["spec"]["storageClassName"] = chosen["metadata"]["name"]


def is_default(obj: Json, keys: tuple[str, ...]) -> bool:
    """Whether an annotation makes a class the default one."""
    annotations = obj["metadata"].get("annotations") or {}
    return any(annotations.get(key) == "true" for key in keys)
