"""``configMap`` volumes (upstream: ``pkg/volume/configmap``)."""

import base64

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.keyed import KeyedVolume


class ConfigMapVolume(KeyedVolume):
    """Text and binary keys."""

    sources = ("configMap",)
    resource = "configmaps"
    name_field = "name"
    singular = "configmap"
    no_such_key = "configmap references non-existent config key"
    on_disk = True

    @staticmethod
    def bytes_of(obj: Json) -> dict[str, bytes]:
        text = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
        return text | {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}
