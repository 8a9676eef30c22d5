"""``secret`` volumes (upstream: ``pkg/volume/secret``)."""

import base64

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.keyed import KeyedVolume


class SecretVolume(KeyedVolume):
    """Keys as files in memory."""

    sources = ("secret",)
    resource = "secrets"
    name_field = "secretName"
    singular = "secret"
    no_such_key = "references non-existent secret key"

    @staticmethod
    def bytes_of(obj: Json) -> dict[str, bytes]:
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
