"""Mounts the volumes of a pod, tries failed ones again with back-off, and keeps projected files up to date.

Mirrors ``pkg/kubelet/volumemanager``: a pod's start waits here, polling; failures are events with doubling delays. A
changed ConfigMap or Secret reaches the files at the pod's next regular sync, 60 to 90 s later, as on real nodes (an
annotation of the pod makes it sync at once); files of tokens at 80 % of the token's life.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import stages
from k8s_tutor.sim.kubelet.volumes import Mounted, MountError, VolumeContext, plugin_for
from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.timers import Timer

RECONCILE = 0.1  # the reconciler looks this often
Source = tuple[str, str, str]
Report = Callable[[Json, str, str], None]  # pod, reason, message of a warning


@dataclass(slots=True)
class PodVolumes:
    """What is mounted for one pod."""

    mounted: dict[str, Mounted] = field(default_factory=dict)
    failures: dict[str, tuple[float, float]] = field(default_factory=dict)  # name to next try, present delay
    timer: Timer | None = None
    update: Timer | None = None


class VolumeManager:
    """One for each kubelet.

    Args:
        clock: cluster time.
        context: what plug-ins may use.
        report: records warnings about pods.
        current: the present object of a pod, by uid.
        pods: what is mounted already (it outlives the kubelet).
    """

    def __init__(
        self,
        clock: Clock,
        context: VolumeContext,
        report: Report,
        current: Callable[[str], Json | None],
        pods: dict[str, PodVolumes],
    ) -> None:
        self._clock = clock
        self._context = context
        self._report = report
        self._current = current
        self._pods = pods
        self._users: dict[Source, set[str]] = {}
        for uid, state in pods.items():
            for mounted in state.mounted.values():
                for source in mounted.watches:
                    self._users.setdefault(source, set()).add(uid)

    def mounted(self, uid: str) -> dict[str, Mounted]:
        """Return the volumes of a pod by name."""
        state = self._pods.get(uid)
        return state.mounted if state else {}

    def env_file(self, pod: Json, reference: Json) -> str | None:
        """Return the value of a variable of an env file in a volume (``fileKeyRef``)."""
        mounted = self.mounted(pod["metadata"]["uid"]).get(reference["volumeName"])
        if mounted is None:
            return None
        files = FileSystem(mounted.volume.root, self._clock.now)
        try:
            text = files.read_file("/" + reference["path"]).decode("utf-8", "replace")
        except OSError:
            return None
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
        values = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
        return values.get(reference["key"]) or None

    async def wait(self, pod: Json, *, latency: bool, ending: Callable[[], bool]) -> bool:
        """Mount all volumes, waiting for those that fail; returns False if the pod is to end meanwhile."""
        state = self._pods.setdefault(pod["metadata"]["uid"], PodVolumes())
        poll = stages.timing("mount_poll")
        first = not state.mounted and bool(pod["spec"].get("volumes"))
        while not self._try_all(pod, state):
            due = min(when for when, _ in state.failures.values())
            await self._clock.sleep(max(RECONCILE, min(poll, due - self._clock.now())))
            if ending():
                return False
        if first and latency:
            await self._clock.sleep(poll)
        return not ending()

    def _try_all(self, pod: Json, state: PodVolumes) -> bool:
        """Try what is due; returns whether all are mounted."""
        wanted = pod["spec"].get("volumes") or ()
        now = self._clock.now()
        for volume in wanted:
            name = volume["name"]
            due, delay = state.failures.get(name, (0.0, 0.0))
            if name in state.mounted or now < due:
                continue
            try:
                mounted = plugin_for(volume).mount(pod, volume, self._context)
            except MountError as error:
                self._failed(pod, name, error)
                retry, most = stages.timing("mount_retry"), stages.timing("mount_retry_max")
                delay = min(delay * 2, most) if delay else retry
                state.failures[name] = (now + delay, delay)
            else:
                state.failures.pop(name, None)
                self._mount(pod, state, name, mounted)
        return len(state.mounted) >= len(wanted)

    def _failed(self, pod: Json, name: str, error: MountError) -> None:
        message = error.message if error.whole else f'MountVolume.SetUp failed for volume "{name}" : {error.message}'
        self._report(pod, error.reason, message)

    def _mount(self, pod: Json, state: PodVolumes, name: str, mounted: Mounted) -> None:
        uid = pod["metadata"]["uid"]
        state.mounted[name] = mounted
        for source in mounted.watches:
            self._users.setdefault(source, set()).add(uid)
        if mounted.expires:
            self._arm(uid, state)

    def _arm(self, uid: str, state: PodVolumes) -> None:
        due = min(one.expires for one in state.mounted.values() if one.expires)
        if state.timer is not None:
            state.timer.cancel()
        state.timer = self._clock.call_at(due, self._rotate, uid)

    def _rotate(self, uid: str) -> None:
        state, pod = self._pods.get(uid), self._current(uid)
        if state is None or pod is None:
            return
        now = self._clock.now()
        for mounted in state.mounted.values():
            if mounted.expires and mounted.expires <= now and mounted.refresh is not None:
                self._refresh(pod, mounted)
                mounted.expires = now + max(60.0, mounted.expires - mounted.begun)
                mounted.begun = now
        self._arm(uid, state)

    def source_changed(self, resource: str, namespace: str, name: str) -> None:
        """A ConfigMap or Secret has changed: its files follow at the next sync of each pod that mounts it."""
        for uid in self._users.get((resource, namespace, name), ()):
            state = self._pods[uid]
            if state.update is None:
                delay = random.uniform(stages.timing("sync_delay_min"), stages.timing("sync_delay_max"))
                state.update = self._clock.call_later(delay, self._update, uid)

    def pod_changed(self, before: Json, after: Json) -> None:
        """A pod's metadata or spec has changed: its sync looks at all its volumes, and their files follow at once."""
        state = self._pods.get(after["metadata"]["uid"])
        if state is None or _semantics(before) == _semantics(after):
            return
        if state.update is not None:
            state.update.cancel()
        state.update = self._clock.call_later(stages.timing("mount_poll"), self._update, after["metadata"]["uid"])

    def _update(self, uid: str) -> None:
        state, pod = self._pods.get(uid), self._current(uid)
        if state is None or pod is None:
            return
        state.update = None
        for mounted in state.mounted.values():
            if mounted.refresh is not None and mounted.watches:
                self._refresh(pod, mounted)

    def _refresh(self, pod: Json, mounted: Mounted) -> None:
        if mounted.refresh is None:
            return
        try:
            mounted.refresh(pod)
        except MountError as error:
            name = next((key for key, one in self.mounted(pod["metadata"]["uid"]).items() if one is mounted), "")
            self._failed(pod, name, error)  # what was there stays

    def unmount(self, uid: str) -> None:
        """Let go of a pod's volumes."""
        state = self._pods.pop(uid, None)
        if state is None:
            return
        for timer in (state.timer, state.update):
            if timer is not None:
                timer.cancel()
        for mounted in state.mounted.values():
            for source in mounted.watches:
                users = self._users.get(source)
                if users is not None:
                    users.discard(uid)
                    if not users:
                        del self._users[source]


def _semantics(pod: Json) -> tuple[Json, Json, Json]:
    """Return what makes the kubelet sync a pod at once when it differs."""
    meta = pod["metadata"]
    return meta.get("labels") or {}, meta.get("annotations") or {}, pod["spec"]
