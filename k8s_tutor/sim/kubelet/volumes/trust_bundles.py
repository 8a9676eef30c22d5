"""Trust anchors for projected volumes: those of one ClusterTrustBundle, or of all that a signer's selector chooses.

Mirrors ``pkg/kubelet/clustertrustbundle``: certificates of several bundles are put together, each once, in an order that
means nothing; what was read is kept for five minutes.
"""

import base64
import re

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import MountError, VolumeContext

RESOURCE = "clustertrustbundles.certificates.k8s.io"
KEPT_SECONDS = 300.0
LINE = 64
BLOCK = re.compile(r"-----BEGIN [^-]+-----\n(.*?)-----END [^-]+-----", re.DOTALL)


def anchors(source: Json, context: VolumeContext) -> bytes:
    """Return the PEM file of a ``clusterTrustBundle`` source.

    Raises:
        MountError: no bundle, and the source is not optional.
    """
    optional = bool(source.get("optional"))
    if source.get("name") is not None:
        found = context.get(RESOURCE, "", source["name"])
        if found is None and not optional:
            why = f'clustertrustbundle.certificates.k8s.io "{source["name"]}" not found'
            raise MountError(f"while getting ClusterTrustBundle: {why}")
        return _together([found] if found else [])
    if source.get("signerName") is None:
        raise MountError("ClusterTrustBundle projection requires either name or signerName to be set")
    chosen = _chosen(source, context)
    if not chosen and not optional:
        raise MountError("combination of signerName and labelSelector matched zero ClusterTrustBundles")
    return _together(chosen)


def _chosen(source: Json, context: VolumeContext) -> list[Json]:
    """Return the bundles of a signer; no selector chooses none, an empty one all."""
    wanted = source.get("labelSelector")
    if wanted is None:
        return []
    selector = labels.from_label_selector(wanted)
    return [
        bundle
        for bundle in context.list(RESOURCE)
        if bundle["spec"].get("signerName") == source["signerName"]
        and selector.matches(bundle["metadata"].get("labels") or {})
    ]


def _together(bundles: list[Json]) -> bytes:
    texts = (bundle["spec"].get("trustBundle") or "" for bundle in bundles)
    found = {base64.b64decode("".join(body.split())) for text in texts for body in BLOCK.findall(text)}
    return b"".join(_block(der) for der in sorted(found))


def _block(der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]).encode()
