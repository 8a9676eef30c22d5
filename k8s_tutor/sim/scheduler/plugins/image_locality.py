"""ImageLocality: a node that has the pod's images scores higher, by their size and how many nodes have them."""

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import MAX_SCORE, CycleState, Plugin
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.requests import containers

MEBIBYTE = 1024 * 1024
MIN_SUM = 23 * MEBIBYTE
MAX_OF_IMAGE = 1000 * MEBIBYTE


def normalized(image: str) -> str:
    """Return the image's name with its tag."""
    return image if image.rfind(":") > image.rfind("/") else image + ":latest"


def images(pod: PodInfo) -> list[str]:
    """Return the images of containers and image volumes, with repetitions."""
    found = [container.get("image") or "" for container in containers(pod.spec)]
    found += [v["image"].get("reference") or "" for v in pod.spec.get("volumes") or () if v.get("image")]
    return [normalized(image) for image in found]


class ImageLocality(Plugin):
    """Scores by images present."""

    name = "ImageLocality"
    weight = 1

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        if not node.images:
            return 0
        names = state.data.get(self.name)
        if names is None:
            names = state.data[self.name] = images(pod)
        nodes = len(self.handle.cache.list())
        having = self.handle.cache.image_nodes
        total = sum(int(node.images[name] * having.get(name, 0) / nodes) for name in names if name in node.images)
        most = MAX_OF_IMAGE * len(names)
        return MAX_SCORE * (min(max(total, MIN_SUM), most) - MIN_SUM) // (most - MIN_SUM)
