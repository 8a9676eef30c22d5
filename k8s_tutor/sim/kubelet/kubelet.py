"""The kubelet of one simulated node: takes pods, keeps a worker for each, and reports the node (``pkg/kubelet``).

Wiring and dispatch only; what happens to a pod is in ``worker.py``, how containers start in ``runner.py``.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import admission, dispatch, loops, power, spec, stages
from k8s_tutor.sim.kubelet.addresses import PodAddresses
from k8s_tutor.sim.kubelet.claims import check_devices
from k8s_tutor.sim.kubelet.counters import Counters
from k8s_tutor.sim.kubelet.environment import Sources
from k8s_tutor.sim.kubelet.eviction import EvictionManager
from k8s_tutor.sim.kubelet.gate import Gate
from k8s_tutor.sim.kubelet.handlers import Handlers
from k8s_tutor.sim.kubelet.killing import Killer
from k8s_tutor.sim.kubelet.kit import Kit, NodeShape, index_of
from k8s_tutor.sim.kubelet.node import Capacity, NodeReporter, Profile
from k8s_tutor.sim.kubelet.node_making import new_state
from k8s_tutor.sim.kubelet.node_state import NodeState, node_state
from k8s_tutor.sim.kubelet.probed import Probed
from k8s_tutor.sim.kubelet.probes.manager import ProbeManager
from k8s_tutor.sim.kubelet.probes.prober import Prober
from k8s_tutor.sim.kubelet.resize import Resizer
from k8s_tutor.sim.kubelet.runner import Runner
from k8s_tutor.sim.kubelet.server import Server
from k8s_tutor.sim.kubelet.snapshot import Resumer
from k8s_tutor.sim.kubelet.static_pods import StaticPods
from k8s_tutor.sim.kubelet.status_manager import StatusManager
from k8s_tutor.sim.kubelet.streaming import Streaming
from k8s_tutor.sim.kubelet.tokens import mint
from k8s_tutor.sim.kubelet.usage import NodeUsage
from k8s_tutor.sim.kubelet.volume_manager import VolumeManager
from k8s_tutor.sim.kubelet.volumes import VolumeContext
from k8s_tutor.sim.kubelet.worker import PodWorker, Stage
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.scheduler.requests import Amounts

if TYPE_CHECKING:
    from k8s_tutor.sim.ticking import Ticker


class Kubelet:
    """The kubelet of one node.

    Args:
        kit: the cluster.
        node: the node's name and role.
        capacity: what the node has.
    """

    def __init__(self, kit: Kit, node: NodeShape, capacity: Capacity | None = None) -> None:
        self.kit = kit
        self.clock = kit.clock
        self.name = node.name
        self.latency = kit.start_latency
        self.running = False
        self.shutting_down = False
        self._capacity = capacity or Capacity()
        self._index = index_of(kit.shape, node.name)
        self.address = f"172.18.0.{2 + self._index}"
        self.client = self._client = kit.client(f"system:node:{node.name}", "kubelet")
        self._events = Recorder(kit.clock, self._client, "kubelet", node.name)
        self._node = node
        make = partial(new_state, kit, node, self._capacity, self._pod_cidr())
        self.state: NodeState = node_state(kit.store, node.name, make)
        self.workers: dict[str, PodWorker] = {}
        self.counters = Counters()
        self._by_name: dict[tuple[str, str], str] = {}
        self._rejected: set[str] = set()
        self._awaiting: set[str] = set()
        self._ends: list[Any] = []
        self._housekeeping: Ticker | None = None
        self._build()

    def _pod_cidr(self) -> str:
        node = self._client.get("nodes", self.name)
        return str(((node or {}).get("spec") or {}).get("podCIDR") or f"10.244.{self._index}.0/24")

    def _build(self) -> None:
        kit, state = self.kit, self.state
        context = VolumeContext(
            get=self._get,
            list=self._client.list,
            now=self.clock.now,
            token=lambda pod, audience, seconds: mint(self._client, pod, audience, seconds),
            node_files=state.files,
            catalogue=lambda: kit.runtime.catalogue,
            addresses=self._addresses_of,
            allocatable=self._capacity.resources,
        )
        addresses = PodAddresses(kit.network, state.addresses, self.name, self.address)
        handlers = Handlers(self.clock, kit.network, self._report)
        killer = Killer(self.clock, handlers, self._report)
        self.statuses = StatusManager(self.clock, self._client, self._could_run, self.counters)
        self.volumes = VolumeManager(self.clock, context, self._warn, self._pod, state.volumes)
        probed = Probed(self, self._report)
        self.probes = ProbeManager(self.clock, Prober(self.clock, kit.network), probed, spread=bool(state.pods))
        self.resize = Resizer(lambda: self.reporter.node, self.requested, self.event)
        usage = NodeUsage(self.workers.values, state, self._capacity, self.volumes.mounted)
        self.usage, self.node_usage = usage.pods, usage.node
        self.eviction = EvictionManager(
            self.clock.now,
            self._active,
            self.volumes.mounted,
            usage,
            self._warn,
            self._pressure_changed,
        )
        self.runner = Runner(
            self.clock,
            kit.runtime,
            state.images,
            addresses,
            killer,
            handlers,
            self._report,
            self._sources,
            state.changed,
            self.statuses.ready_to_start,
            self._prepare_devices,
            self.counters,
            latency=self.latency,
            node_name=self.name,
        )
        profile = Profile(
            self.name, self.address, self._pod_cidr(), state.boot_id, self._node.control_plane, self._capacity
        )
        self.reporter = NodeReporter(self.clock, self._client, profile, state.images.listing, self.eviction.pressure)
        self.streaming = Streaming(
            self.worker_of, kit.network, self.clock.now, self.statuses.get, lambda name: kit.logs.get(name, ())
        )
        self.logs = self.streaming.logs
        self.exec = self.streaming.exec
        self.attach = self.streaming.attach
        self.dial = self.streaming.dial
        self.answer = Server(self).answer
        self.static = StaticPods(self)
        self._gate = Gate(self)
        self._resumer = Resumer(
            kit.runtime, self.runner, self._sources, addresses.attach_again, self.name, self.clock.now
        )
        self._relists = loops.relist_loop(self.clock, self._relist)
        self._syncs = loops.sync_loop(self.clock, self._sync_due)

    # -- life

    def start(self) -> None:
        """Register the node and take its pods."""
        self.running = True
        self.state.listener = self._container_changed
        self.state.images.changed = self.reporter.images_changed
        self.kit.network.attach_node(self.address, self.name)
        self.reporter.start()
        for resource in ("configmaps", "secrets"):
            self._ends.append(self._client.store.subscribe(resource, self._source_changed))
        self.static.start(control_plane=self._node.control_plane)
        dispatch.dispatcher(self._client).subscribe(self.name, self._pod_event)
        self._housekeeping = self.clock.every(loops.HOUSEKEEPING, self.eviction.look, limit=self.eviction.settled)

    def stop(self) -> None:
        """Stop at once, as when the process dies; containers run on."""
        self.running = False
        self.state.listener = None
        self.statuses.paused = True
        dispatch.dispatcher(self._client).unsubscribe(self.name, self._pod_event)
        dispatch.release(self._client)
        for end in self._ends:
            end()
        self._ends.clear()
        self.reporter.stop()
        self._relists.close()
        self._syncs.close()
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        for worker in self.workers.values():
            self.probes.remove(worker.uid)
            worker.drop()

    def power_off(self) -> None:
        """Turn the node off: the kubelet and all containers are gone at once; a kubelet that starts finds the rest."""
        self.stop()
        power.cut(self.state, self.kit.network, self.clock.now())

    async def shut_down(self, seconds: int = 30, critical_seconds: int = 10) -> None:
        """Shut the node down gracefully: pods end in order, then the power goes."""
        await power.shut_down(self, seconds, critical_seconds)
        self.statuses.flush()
        self.power_off()

    # -- pods

    def _pod_event(self, type_: str, pod: Json) -> None:
        if not self.running:
            return
        uid = pod["metadata"]["uid"]
        worker = self.workers.get(uid)
        if spec.MIRROR in (pod["metadata"].get("annotations") or {}):
            self.static.mirror_changed(type_, pod)
        elif type_ == "DELETED":
            self._removed(uid, worker)
        elif worker is not None:
            self.volumes.pod_changed(worker.pod, pod)
            worker.update(pod)
        else:
            self._add(pod)

    def _add(self, pod: Json) -> None:
        meta = pod["metadata"]
        uid = meta["uid"]
        if uid in self._rejected:
            self.statuses.write_again(uid)
            return
        known = self.state.pods.get(uid)
        worker = PodWorker(self, pod)
        if known is not None:
            worker.runtime = known
            worker.observed = known.observe()
        elif spec.is_terminal(pod.get("status") or {}):
            worker.stage = Stage.TERMINATED
        elif not meta.get("deletionTimestamp") and not self._gate.admit(pod):
            self._rejected.add(uid)
            return
        if meta.get("deletionTimestamp") and worker.stage is Stage.SYNC:
            worker.stage = Stage.TERMINATING
        self.state.pods[uid] = worker.runtime
        self.workers[uid] = worker
        self._by_name[meta["namespace"], meta["name"]] = uid
        worker.wake()

    def has_saved(self, worker: PodWorker) -> bool:
        """Whether a snapshot has containers of this pod."""
        return worker.uid in self.state.saved

    def resume(self, worker: PodWorker, pod: Json) -> None:
        """Bring the containers of a snapshot back; the pod's volumes are mounted."""
        saved = self.state.saved.pop(worker.uid)
        self._resumer.resume(pod, worker.runtime, self.volumes.mounted(worker.uid), saved)

    def add_static(self, pod: Json) -> None:
        """Run a static pod."""
        self._add(pod)

    def remove_static(self, pod: Json) -> None:
        """End a static pod whose manifest is gone."""
        uid = pod["metadata"]["uid"]
        self._removed(uid, self.workers.get(uid))

    def _pressure_changed(self) -> None:
        self.reporter.report()

    def _removed(self, uid: str, worker: PodWorker | None) -> None:
        """The API has the pod no longer: end what is left of it, and forget it."""
        self._rejected.discard(uid)
        self.statuses.forget(uid)
        if worker is None:
            return
        if worker.stage in (Stage.SYNC, Stage.TERMINATING):
            worker.removed()
        else:
            self._forget(worker)

    def _forget(self, worker: PodWorker) -> None:
        uid = worker.uid
        worker.drop()
        self.workers.pop(uid, None)
        self.state.pods.pop(uid, None)
        meta = worker.pod["metadata"]
        if self._by_name.get((meta["namespace"], meta["name"])) == uid:
            del self._by_name[meta["namespace"], meta["name"]]
        self.volumes.unmount(uid)
        self.runner.backoff.forget(f"{uid}_")
        self.state.images.forget_pod(uid)
        self.resize.forget(uid)
        self._relists.forget(uid)
        self._syncs.forget(uid)
        for instances in worker.runtime.instances.values():
            for instance in instances:
                if instance.container is not None:
                    instance.container.remove()

    def terminated(self, worker: PodWorker) -> None:
        """Nothing of a pod runs any more: room may be free for a deferred resize."""
        if worker.gone:
            self._forget(worker)
        for other in self.workers.values():
            self.resize.retry(other)

    def alive(self) -> bool:
        """Whether the kubelet still runs."""
        return self.running

    def failed(self, worker: PodWorker, error: Exception) -> None:
        """A worker failed by a fault of ours: log it, and try again later."""
        self.kit.log("kubelet", f"{spec.identity(worker.pod)}: {type(error).__name__}: {error}")
        self.at_sync_tick(worker, stages.timing("error_backoff"))

    # -- the loops

    def next_relist(self, worker: PodWorker) -> Any:
        """Return what waits for a pod's next relist."""
        return self._relists.wait(worker.uid)

    def last_relist(self, worker: PodWorker) -> float:
        """Return when the runtime was last listed for a pod."""
        return self._relists.last(worker.uid)

    def at_relist(self, worker: PodWorker) -> None:
        """Wake a worker at the next relist, whatever is seen then."""
        self._awaiting.add(worker.uid)
        self._relists.add(worker.uid)

    def at_sync_tick(self, worker: PodWorker, delay: float) -> None:
        """Wake a worker at the first sync tick after a delay."""
        self._syncs.add(worker.uid, delay)

    def not_due(self, worker: PodWorker) -> None:
        """A sync has succeeded: nothing is to be tried again."""
        self._syncs.remove(worker.uid)

    def sync_tick_after(self, worker: PodWorker, when: float) -> float:
        """Return a pod's first sync tick after a time."""
        return self._syncs.tick_after(worker.uid, when)

    def _container_changed(self, uid: str) -> None:
        self._relists.add(uid)

    def _relist(self, uids: list[str]) -> None:
        for uid in uids:
            worker = self.workers.get(uid)
            if worker is not None:
                worker.relisted(wake=uid in self._awaiting)
        self._awaiting.difference_update(uids)

    def _sync_due(self, uids: list[str]) -> None:
        for uid in uids:
            worker = self.workers.get(uid)
            if worker is not None:
                worker.wake()

    def _source_changed(self, event: Event) -> None:
        meta = event.obj["metadata"]
        self.volumes.source_changed(event.resource, meta["namespace"], meta["name"])

    # -- what the parts ask

    def worker_of(self, namespace: str, name: str) -> PodWorker | None:
        """Return the worker of a pod by name."""
        return self.workers.get(self._by_name.get((namespace, name), ""))

    def container(self, uid: str, name: str, *, previous: bool = False) -> Container | None:
        """Return a container of a pod: the newest, or the one before."""
        worker = self.workers.get(uid)
        found = worker.runtime.instances.get(name, []) if worker is not None else []
        index = 1 if previous else 0
        return found[index].container if len(found) > index else None

    def event(self, pod: Json, type_: str, reason: str, message: str) -> None:
        """Record an event about a pod."""
        self._report(pod, "", type_, reason, message)

    def _report(self, pod: Json, container: str, type_: str, reason: str, message: str) -> None:
        path = spec.field_path(pod, container) if container else None
        self._events.event(pod, type_, reason, message, path)

    def _warn(self, pod: Json, reason: str, message: str) -> None:
        self._report(pod, "", "Warning", reason, message)

    def _pod(self, uid: str) -> Json | None:
        worker = self.workers.get(uid)
        return worker.pod if worker is not None else None

    def _get(self, resource: str, namespace: str, name: str) -> Json | None:
        return self._client.get(resource, name, namespace)

    def _could_run(self, uid: str) -> bool:
        worker = self.workers.get(uid)
        return worker is not None and worker.could_run()

    def others(self, uid: str) -> list[Json]:
        """Return the pods beside one (by uid) that run or may run."""
        return [one.pod for one in self._active() if one.uid != uid]

    def requested(self, uid: str) -> Amounts:
        """Return what those request together."""
        return admission.used_by(one.requests() for one in self._active() if one.uid != uid)

    def _active(self) -> list[PodWorker]:
        return [one for one in self.workers.values() if one.could_run()]

    def _addresses_of(self, pod: Json) -> Json:
        worker = self.workers.get(pod["metadata"]["uid"])
        sandbox = worker.runtime.sandbox if worker is not None else None
        return {"podIP": sandbox.ip if sandbox else "", "hostIP": self.address}

    def _prepare_devices(self, pod: Json) -> None:
        check_devices(pod, self._client.get)

    def _sources(self, pod: Json, ip: str) -> Sources:
        namespace = pod["metadata"]["namespace"]
        services = [entry.obj for entry in self._client.store.entries("services", namespace)]
        if namespace != "default":
            master = self._client.get("services", "kubernetes", "default")
            services += [master] if master is not None else []
        addresses = {"podIP": ip, "hostIP": self.address}
        return Sources(
            self._get, services, self._capacity.resources(), addresses, lambda ref: self.volumes.env_file(pod, ref)
        )
