"""Turning a node off and on again, and the graceful shutdown before (upstream: ``pkg/kubelet/nodeshutdown``).

A node that loses power takes its processes with it. When it is back, containerd knows its containers as ended with 255
and its sandboxes as not ready: pods get new sandboxes (``SandboxChanged``) and their containers a further restart.
"""

import asyncio
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.conditions import condition
from k8s_tutor.sim.kubelet.killing import within
from k8s_tutor.sim.kubelet.node_state import NodeState

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.kubelet import Kubelet
    from k8s_tutor.sim.kubelet.worker import PodWorker
    from k8s_tutor.sim.network import Network

MESSAGE = "Pod was terminated in response to imminent node shutdown."
LOST_EXIT_CODE = 255


def cut(state: NodeState, network: "Network", now: float) -> None:
    """End everything on a node at once, without a word to the API."""
    state.listener = None
    for runtime in state.pods.values():
        ended = runtime.running()
        for instance in ended:
            if instance.container is not None:
                instance.container.kill()
            instance.change(state="exited", exit_code=LOST_EXIT_CODE, reason="Unknown", message="", finished_at=now)
        if runtime.sandbox is not None and runtime.sandbox.ready:
            if state.addresses.holds(runtime.sandbox.ip):  # else it is the node's own
                network.detach(runtime.sandbox.ip)
                state.addresses.free(runtime.sandbox.ip)
            runtime.sandbox = replace(runtime.sandbox, ready=False)
    state.boot_id = str(uuid.uuid4())


async def shut_down(kubelet: "Kubelet", seconds: int, critical_seconds: int) -> None:
    """End the pods in order: ordinary ones first, critical ones in the last seconds; refuse new ones."""
    kubelet.shutting_down = True
    kubelet.reporter.shutting_down = True
    kubelet.reporter.report()
    workers = [one for one in kubelet.workers.values() if one.could_run()]
    ordinary = [one for one in workers if not spec.is_critical(one.pod)]
    await _end(kubelet, ordinary, seconds - critical_seconds)
    await _end(kubelet, [one for one in workers if spec.is_critical(one.pod)], critical_seconds)


async def _end(kubelet: "Kubelet", workers: list["PodWorker"], seconds: int) -> None:
    for worker in workers:
        generation = worker.pod["metadata"].get("generation") or 0
        disruption = condition(
            "DisruptionTarget", generation, status=True, reason="TerminationByKubelet", message=MESSAGE
        )
        status = {"phase": "Failed", "reason": "Terminated", "message": MESSAGE}
        worker.evict(status, min(seconds, spec.grace_period(worker.pod)), disruption)
    for worker in workers:
        done = asyncio.Event()
        worker.when_stopped(done.set)
        await within(kubelet.clock, done, seconds)
