"""Carries out what a sync is to do: sandbox, pulls, containers, hooks (upstream: ``kuberuntime``'s ``SyncPod``)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import container_config, spec, stages
from k8s_tutor.sim.kubelet.actions import Actions
from k8s_tutor.sim.kubelet.addresses import NoAddressError, PodAddresses
from k8s_tutor.sim.kubelet.backoff import Backoff
from k8s_tutor.sim.kubelet.counters import Counters
from k8s_tutor.sim.kubelet.environment import ConfigError, Sources
from k8s_tutor.sim.kubelet.handlers import Handlers, HookError
from k8s_tutor.sim.kubelet.images import ImageError, Images
from k8s_tutor.sim.kubelet.killing import Killer
from k8s_tutor.sim.kubelet.records import Instance, Observed, PodRuntime, Sandbox, View
from k8s_tutor.sim.kubelet.volumes import Mounted
from k8s_tutor.sim.runtime import identity
from k8s_tutor.sim.runtime.contract import ExitInfo, ImageInfo, StartError
from k8s_tutor.sim.runtime.processes import ProcessTable
from k8s_tutor.sim.scheduler.devices.claims import ClaimError

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container
    from k8s_tutor.sim.runtime.engine import Runtime

Report = Callable[[Json, str, str, str, str], None]  # pod, container ("" for the pod), type, reason, message


@dataclass(slots=True)
class Result:
    """What came out of a sync.

    Attributes:
        tried: containers that were to be started, with the failure (reason, message) or None.
        acted: something was done.
        failed: the sync is to be tried again.
        backoff_until: when, if a container is backing off.
    """

    tried: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    acted: bool = False
    failed: bool = False
    backoff_until: float | None = None


@dataclass(slots=True)
class Subject:
    """The pod that is being synced."""

    pod: Json
    observed: Observed
    runtime: PodRuntime
    volumes: dict[str, Mounted]
    ending: Callable[[], bool]
    processes: ProcessTable | None = None


class Runner:
    """One for each kubelet.

    Args:
        clock: cluster time.
        runtime: makes containers.
        images: the node's.
        addresses: gives pods their addresses.
        killer: ends containers.
        handlers: runs postStart hooks.
        report: records events.
        sources: where a pod's environment comes from, given its address.
        changed: told when a container of a pod (by uid) has ended.
        sandbox_ready: told when a pod's sandbox is there.
        devices: prepares the devices of a pod; raises ClaimError.
        counters: metrics.
        latency: starting takes time.
        node_name: the node.
    """

    def __init__(
        self,
        clock: Clock,
        runtime: "Runtime",
        images: Images,
        addresses: PodAddresses,
        killer: Killer,
        handlers: Handlers,
        report: Report,
        sources: Callable[[Json, str], Sources],
        changed: Callable[[str], None],
        sandbox_ready: Callable[[Json], None],
        devices: Callable[[Json], None],
        counters: Counters,
        *,
        latency: bool,
        node_name: str,
    ) -> None:
        self._clock = clock
        self._runtime = runtime
        self._images = images
        self._addresses = addresses
        self._killer = killer
        self._handlers = handlers
        self._report = report
        self._sources = sources
        self._changed = changed
        self._sandbox_ready = sandbox_ready
        self._devices = devices
        self._counters = counters
        self._latency = latency
        self._node_name = node_name
        self.backoff = Backoff(stages.timing("crash_backoff"), stages.timing("crash_backoff_max"))

    async def sync(self, subject: Subject, actions: Actions) -> Result:
        """Carry out the actions, in upstream's order."""
        result = Result()
        pod, runtime = subject.pod, subject.runtime
        if actions.kill_pod:
            if actions.create_sandbox and runtime.sandbox is not None:
                message = "Pod sandbox changed, it will be killed and re-created."
                self._report(pod, "", "Normal", "SandboxChanged", message)
            await self.kill_pod(pod, runtime, None)
            result.acted = True
        for kill in actions.kill:
            instance = runtime.find(kill.name, kill.container_id)
            result.acted = True
            if instance is not None and instance.view.state == "running":
                ip = self._ip(runtime)
                await self._killer.kill(pod, instance, ip, message=kill.message, reason=kill.reason)
        if actions.create_sandbox:
            if not self._prepare_devices(pod):
                # Upstream counts this as no failure: the next sync of its own accord tries again.
                result.failed, result.backoff_until = True, self._clock.now() + stages.timing("resync")
                return result
            result.acted = True
            if not await self._create_sandbox(subject):
                result.failed = True
                return result
        for name in actions.ephemeral:
            await self._start(subject, name, result)
        for name in actions.init:
            if not await self._start(subject, name, result):
                found = spec.find_container(pod, name)
                if found is None or not spec.is_sidecar(found[1]):
                    return result
        for name in actions.main:
            await self._start(subject, name, result)
        return result

    async def reset(self, subject: Subject, views: list[View]) -> Result:
        """Kill and remove containers one after the other, so that the pod starts anew in its sandbox."""
        runtime = subject.runtime
        for view in views:
            instance = runtime.find(view.name, view.id)
            if instance is not None and instance.view.state == "running":
                await self._killer.kill(subject.pod, instance, self._ip(runtime), message="killing", override=0)
            runtime.remove(view.name, view.id)
        return Result(acted=True)

    async def kill_pod(self, pod: Json, runtime: PodRuntime, override: int | None) -> None:
        """End all containers and stop the sandbox."""
        await self._killer.kill_all(pod, runtime.running(), self._ip(runtime), override)
        sandbox = runtime.sandbox
        if sandbox is not None and sandbox.ready:
            await self._pause("remove_sandbox")
            runtime.sandbox = Sandbox(
                sandbox.id, sandbox.attempt, ready=False, ip=sandbox.ip, created_at=sandbox.created_at
            )
            self._addresses.detach(pod, sandbox.ip)
            self._changed(pod["metadata"]["uid"])

    async def _pause(self, stage: str) -> None:
        if self._latency:
            await self._clock.sleep(stages.timing(stage))

    def _ip(self, runtime: PodRuntime) -> str:
        return runtime.sandbox.ip if runtime.sandbox else ""

    # -- sandbox

    def _prepare_devices(self, pod: Json) -> bool:
        try:
            self._devices(pod)
        except ClaimError as error:
            message = f"Failed to prepare dynamic resources: prepare dynamic resources: {error}"
            self._report(pod, "", "Warning", "FailedPrepareDynamicResources", message)
            return False
        return True

    async def _create_sandbox(self, subject: Subject) -> bool:
        pod, runtime = subject.pod, subject.runtime
        await self._pause("sandbox")
        if subject.ending():
            return False
        attempt = runtime.sandbox.attempt + 1 if runtime.sandbox else 0
        try:
            ip = self._addresses.attach(pod)
        except NoAddressError as error:
            message = f"Failed to create pod sandbox: {error}"
            self._report(pod, "", "Warning", "FailedCreatePodSandBox", message)
            return False
        seed = f"{pod['metadata']['uid']}/sandbox/{attempt}"
        sandbox_id = hashlib.sha256(seed.encode()).hexdigest()
        runtime.sandbox = Sandbox(sandbox_id, attempt, ready=True, ip=ip, created_at=self._clock.now())
        self._changed(pod["metadata"]["uid"])
        self._counters.add("kubelet_started_pods_total")
        self._sandbox_ready(pod)
        return True

    # -- containers

    async def _start(self, subject: Subject, name: str, result: Result) -> bool:
        pod = subject.pod
        found = spec.find_container(pod, name)
        if found is None:
            return True
        container = found[1]
        result.acted = True
        failure = self._back_off(subject, container, result)
        if failure is None:
            failure = await self._start_container(subject, container)
        result.tried[name] = failure
        if failure is not None:
            result.failed = True
        return failure is None

    def _back_off(self, subject: Subject, container: Json, result: Result) -> tuple[str, str] | None:
        """Return CrashLoopBackOff while the time since the last end (as observed) is too short."""
        pod, name = subject.pod, container["name"]
        ended = subject.observed.last_exited(name)
        if ended is None:
            return None
        key = f"{pod['metadata']['uid']}_{name}"
        now = self._clock.now()
        if not self.backoff.in_backoff_since(key, ended.finished_at, now):
            self.backoff.next(key, ended.finished_at, now)
            return None
        where = spec.identity(pod)
        self._report(pod, name, "Warning", "BackOff", f"Back-off restarting failed container {name} in pod {where}")
        delay = self.backoff.get(key)
        until = ended.finished_at + delay
        result.backoff_until = until if result.backoff_until is None else min(until, result.backoff_until)
        shown = f"{int(delay // 60)}m{int(delay % 60)}s" if delay >= 60 else f"{int(delay)}s"
        return "CrashLoopBackOff", f"back-off {shown} restarting failed container={name} pod={where}"

    async def _start_container(self, subject: Subject, container: Json) -> tuple[str, str] | None:
        """Pull, create, start, run the hook; returns the failure."""
        pod, name = subject.pod, container["name"]
        uid = pod["metadata"]["uid"]

        def report(type_: str, reason: str, message: str) -> None:
            self._report(pod, name, type_, reason, message)

        try:
            image = await self._images.ensure(
                container["image"], container.get("imagePullPolicy") or "IfNotPresent", uid, report
            )
        except ImageError as error:
            report("Warning", "Failed", f"Error: {error.reason}")
            return error.reason, error.message
        await self._pause("create")
        try:
            instance = self._create(subject, container, image)
        except ConfigError as error:
            report("Warning", "Failed", f"Error: {error}")
            return "CreateContainerConfigError", str(error)
        report("Normal", "Created", "Container created")
        await self._pause("start")
        try:
            self.run(pod, instance)
        except StartError as error:
            report("Warning", "Failed", f"Error: {error.message}")
            self._failed_start(instance, error)
            self._changed(uid)
            return "RunContainerError", error.message
        report("Normal", "Started", "Container started")
        self._counters.add("kubelet_started_containers_total", container_type=spec.container_type(pod, name))
        return await self._post_start(subject, container, instance)

    def _create(self, subject: Subject, container: Json, image: ImageInfo) -> Instance:
        pod, runtime, name = subject.pod, subject.runtime, container["name"]
        before = subject.observed.latest(name)
        count = before.restart_count + 1 if before else runtime.restarts.get(name, 0)
        ip = self._ip(runtime)
        place = container_config.Place(ip, self._node_name, subject.volumes, self._processes(subject, container), count)
        config = container_config.build(pod, container, image, place, self._sources(pod, ip))
        created = self._runtime.create(config)
        who = identity.resolve(created).credentials
        view = View(
            name=name,
            id=created.id,
            state="created",
            restart_count=count,
            image=image.reference,
            image_id=image.digest,
            created_at=self._clock.now(),
            uid=who.uid,
            gid=who.gid,
            groups=(who.gid, *who.groups),
            stop_signal=(container.get("lifecycle") or {}).get("stopSignal", ""),
            spec_image=container["image"],
            resources=container.get("resources") or {},
        )
        instance = Instance(view, created)
        runtime.add(instance)
        return instance

    def _processes(self, subject: Subject, container: Json) -> ProcessTable | None:
        """Return the table to join: the pod's if it shares one, a debugged container's."""
        pod = subject.pod
        target = container.get("targetContainerName")
        if target:
            instance = subject.runtime.find(target)
            if instance is not None and instance.container is not None:
                return instance.container.processes
        if not pod["spec"].get("shareProcessNamespace"):
            return None
        for found in subject.runtime.instances.values():
            for one in found:
                if one.container is not None:
                    return one.container.processes
        return ProcessTable(2)

    def run(self, pod: Json, instance: Instance) -> None:
        """Start a created container and watch for its end.

        Raises:
            StartError: its command cannot be executed.
        """
        container = instance.container
        if container is None:
            return
        uid = pod["metadata"]["uid"]
        found = spec.find_container(pod, instance.view.name)
        policy = found[1].get("terminationMessagePolicy") if found else None
        container.start()
        instance.change(state="running", started_at=self._clock.now())

        def ended(info: ExitInfo) -> None:
            self._ended(instance, container, info, fallback=policy == "FallbackToLogsOnError")
            self._changed(uid)

        container.on_exit(ended)

    def _ended(self, instance: Instance, container: "Container", info: ExitInfo, *, fallback: bool) -> None:
        if instance.view.state == "exited":
            return  # the node lost power: what it will find is written already
        instance.change(
            state="exited",
            exit_code=info.exit_code,
            signal=info.signal,
            reason=info.reason,
            finished_at=info.finished_at,
            message=container.termination_message(fallback_to_logs=fallback),
        )

    def _failed_start(self, instance: Instance, error: StartError) -> None:
        instance.change(
            state="exited",
            exit_code=error.exit_code,
            reason="StartError",
            message=error.message,
            finished_at=self._clock.now(),
        )

    async def _post_start(self, subject: Subject, container: Json, instance: Instance) -> tuple[str, str] | None:
        hook = (container.get("lifecycle") or {}).get("postStart")
        if not hook or instance.container is None:
            return None
        pod = subject.pod
        ip = self._ip(subject.runtime)
        try:
            await self._handlers.run(pod, container, instance.container, hook, ip)
        except HookError as error:
            name = container["name"]
            self._report(pod, name, "Warning", "FailedPostStartHook", "PostStartHook failed")
            if instance.view.state == "running":
                await self._killer.kill(pod, instance, ip, message="FailedPostStartHook")
            return "PostStartHookError", str(error)
        return None
