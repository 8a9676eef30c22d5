"""``projected`` volumes: several sources in one directory, among them the ServiceAccount's token.

Mirrors ``pkg/volume/projected``. Tokens are made when first read and anew after 80 % of their life (``pkg/kubelet/token``).
What is secret or vouches for others is its reader's alone where that is known: the pod's one ``runAsUser``, or its group.
"""

from collections.abc import Callable, Iterator

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes import downward_api, trust_bundles
from k8s_tutor.sim.kubelet.volumes.base import (
    DEFAULT_MODE,
    Mounted,
    MountError,
    Projected,
    VolumeContext,
    VolumePlugin,
    fs_group,
    projection,
)
from k8s_tutor.sim.kubelet.volumes.config_map import ConfigMapVolume
from k8s_tutor.sim.kubelet.volumes.secret import SecretVolume

PRIVATE_MODE = 0o600
ROTATE_AT = 0.8
TOKEN_SECONDS = 3600


class ProjectedVolume(VolumePlugin):
    """All sources together; later ones win."""

    sources = ("projected",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        spec = volume["projected"]
        sources = spec.get("sources") or []
        mode = spec.get("defaultMode", DEFAULT_MODE)

        def make(present: Json) -> Callable[[], Projected]:
            return _prepare(present, sources, mode, context)

        lives = [_seconds(one["serviceAccountToken"]) * ROTATE_AT for one in sources if one.get("serviceAccountToken")]
        lives += [trust_bundles.KEPT_SECONDS for one in sources if one.get("clusterTrustBundle")]
        expires = context.now() + min(lives) if lives else 0.0
        return projection(pod, context, make, frozenset(_watches(pod, sources)), expires)


def _watches(pod: Json, sources: list[Json]) -> Iterator[tuple[str, str, str]]:
    meta = pod["metadata"]
    for source in sources:
        if source.get("configMap"):
            yield "configmaps", meta["namespace"], source["configMap"].get("name", "")
        elif source.get("secret"):
            yield "secrets", meta["namespace"], source["secret"].get("name", "")
        elif source.get("downwardAPI"):
            yield "pods", meta["namespace"], meta["name"]


def _seconds(token: Json) -> int:
    return int(token.get("expirationSeconds") or TOKEN_SECONDS)


def _prepare(pod: Json, sources: list[Json], mode: int, context: VolumeContext) -> Callable[[], Projected]:
    """Check and read all sources but tokens now; tokens are made when the files are."""
    files: dict[str, bytes] = {}
    modes: dict[str, int] = {}
    problems = []
    for source in sources:
        try:
            part = _one(pod, source, mode, context)
        except MountError as error:
            problems.append(error.message)
            continue
        files |= part.files
        modes |= part.modes
    if problems:
        raise MountError(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")
    tokens = [one["serviceAccountToken"] for one in sources if one.get("serviceAccountToken")]
    own = [one["path"] for one in tokens]
    own += [one["clusterTrustBundle"]["path"] for one in sources if one.get("clusterTrustBundle")]
    user = _user(pod)
    if user is not None or fs_group(pod):
        modes |= dict.fromkeys(own, PRIVATE_MODE)
    owners = {} if user is None else dict.fromkeys(own, user)

    def make() -> Projected:
        made = {one["path"]: context.token(pod, one.get("audience", ""), _seconds(one)).encode() for one in tokens}
        return Projected(files | made, modes, mode, owners)

    return make


def _user(pod: Json) -> int | None:
    """Return the user that all containers run as, if they say so (``volumeutil.FsUserFrom``)."""
    spec = pod["spec"]
    common = (spec.get("securityContext") or {}).get("runAsUser")
    containers = [*(spec.get("initContainers") or ()), *spec["containers"], *(spec.get("ephemeralContainers") or ())]
    users = {(container.get("securityContext") or {}).get("runAsUser", common) for container in containers}
    return users.pop() if len(users) == 1 else None


def _one(pod: Json, source: Json, mode: int, context: VolumeContext) -> Projected:
    namespace = pod["metadata"]["namespace"]
    if source.get("configMap"):
        return ConfigMapVolume.content(
            source["configMap"], source["configMap"].get("name", ""), namespace, mode, context
        )
    if source.get("secret"):
        return SecretVolume.content(source["secret"], source["secret"].get("name", ""), namespace, mode, context)
    if source.get("downwardAPI"):
        return downward_api.content(pod, source["downwardAPI"], mode, context)
    if source.get("clusterTrustBundle"):
        bundle = source["clusterTrustBundle"]
        return Projected({bundle["path"]: trust_bundles.anchors(bundle, context)}, {}, mode)
    return Projected({}, {}, mode)
