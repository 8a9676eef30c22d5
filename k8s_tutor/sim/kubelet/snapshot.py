"""A node's containers as plain data, and back: logs and file systems return, commands start anew.

``save`` needs no kubelet; ``lay_by`` leaves a saved state for the kubelet that starts next, which resumes each pod when
it meets it (``Resumer``). Restart counts and times of start stay as they were: the pod shows no sign of it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import container_config, spec
from k8s_tutor.sim.kubelet.environment import ConfigError, Sources
from k8s_tutor.sim.kubelet.node_state import NodeState, forget_node, known_nodes
from k8s_tutor.sim.kubelet.records import Instance, PodRuntime, Sandbox, View
from k8s_tutor.sim.kubelet.volumes import Mounted
from k8s_tutor.sim.machinery.store import Store
from k8s_tutor.sim.runtime import snapshots
from k8s_tutor.sim.runtime.contract import StartError

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.runner import Runner
    from k8s_tutor.sim.runtime.engine import Runtime

_laid_by: WeakKeyDictionary[Store, dict[str, Json]] = WeakKeyDictionary()


def snapshot_nodes(store: Store) -> Json:
    """Return the state of all nodes of a cluster as JSON-able data."""
    return {name: save(state) for name, state in known_nodes(store).items()}


async def write_nodes(store: Store) -> bytes:
    """Return the same as JSON, pod by pod, so that others are served in between."""
    found: Json = {}
    for name, state in list(known_nodes(store).items()):
        pods = {}
        for uid, runtime in list(state.pods.items()):
            pods[uid] = orjson.Fragment(orjson.dumps(_pod(runtime, state, uid)))
            await asyncio.sleep(0)
        found[name] = {**_node(state), "pods": pods}
    return orjson.dumps(found)


def restore_nodes(store: Store, saved: Json) -> None:
    """Drop the nodes' present containers; kubelets that start from now on take over the saved ones."""
    for name, state in list(known_nodes(store).items()):
        for runtime in state.pods.values():
            for instance in runtime.running():
                if instance.container is not None:
                    instance.container.remove()
        forget_node(store, name)
    for name, state_of_node in saved.items():
        lay_by(store, name, state_of_node)


def lay_by(store: Store, node: str, saved: Json) -> None:
    """Keep a node's saved state until its kubelet starts."""
    _laid_by.setdefault(store, {})[node] = saved


def take(store: Store, node: str) -> Json | None:
    """Return and forget what was laid by for a node."""
    return _laid_by.get(store, {}).pop(node, None)


def save(state: NodeState) -> Json:
    """Return one node's state."""
    return {**_node(state), "pods": {uid: _pod(runtime, state, uid) for uid, runtime in state.pods.items()}}


def _node(state: NodeState) -> Json:
    return {"boot_id": state.boot_id, "images": state.images.references(), "files": state.files.snapshot()}


def _pod(runtime: PodRuntime, state: NodeState, uid: str) -> Json:
    volumes = state.volumes.get(uid)
    trees = {
        name: snapshots.save(mounted.volume.root)
        for name, mounted in (volumes.mounted if volumes else {}).items()
        if mounted.own
    }
    return {
        "sandbox": asdict(runtime.sandbox) if runtime.sandbox else None,
        "volumes": trees,
        "containers": [
            {"view": asdict(one.view), "state": one.container.snapshot() if one.container is not None else None}
            for instances in runtime.instances.values()
            for one in reversed(instances)
        ],
    }


class Resumer:
    """Brings the containers of saved pods back.

    Args:
        runtime: makes containers.
        runner: watches those that run.
        sources: where a pod's environment comes from.
        attach: gives a pod its old address back.
        node_name: the node.
    """

    def __init__(
        self,
        runtime: "Runtime",
        runner: "Runner",
        sources: Callable[[Json, str], Sources],
        attach: Callable[[Json, str], None],
        node_name: str,
        now: Callable[[], float],
    ) -> None:
        self._runtime = runtime
        self._runner = runner
        self._sources = sources
        self._attach = attach
        self._node_name = node_name
        self._now = now

    def resume(self, pod: Json, runtime: PodRuntime, volumes: dict[str, Mounted], saved: Json) -> None:
        """Fill a pod's runtime from its saved state; its volumes are mounted already."""
        for name, tree in saved["volumes"].items():
            if name in volumes and volumes[name].own:
                snapshots.load(volumes[name].volume.root, tree)
        if saved["sandbox"]:
            runtime.sandbox = Sandbox(**saved["sandbox"])
            if runtime.sandbox.ready:
                self._attach(pod, runtime.sandbox.ip)
        for one in saved["containers"]:
            view = View(**(one["view"] | {"groups": tuple(one["view"]["groups"])}))
            runtime.add(self._instance(pod, runtime, volumes, view, one["state"]))

    def _instance(
        self, pod: Json, runtime: PodRuntime, volumes: dict[str, Mounted], view: View, state: Json | None
    ) -> Instance:
        found = spec.find_container(pod, view.name)
        image = self._runtime.image_info(view.image)
        instance = Instance(view, None)
        if found is None or image is None or state is None:
            return instance
        ip = runtime.sandbox.ip if runtime.sandbox else ""
        place = container_config.Place(ip, self._node_name, volumes, None, view.restart_count)
        try:
            config = container_config.build(pod, found[1], image, place, self._sources(pod, ip))
        except ConfigError:
            return instance
        container = self._runtime.create(config)
        container.restore(state)
        instance.container = container
        if view.state != "running":
            container.logs.close(self._now())
            return instance
        try:
            self._runner.run(pod, instance)
        except StartError as error:
            instance.change(state="exited", exit_code=error.exit_code, reason="StartError", message=error.message)
        else:
            instance.change(started_at=view.started_at)
        return instance
