"""Images of a node: which are there, pulling them by policy, and backing off (upstream: ``pkg/kubelet/images``)."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import stages
from k8s_tutor.sim.kubelet.backoff import Backoff
from k8s_tutor.sim.runtime.contract import CatalogueError, ImageInfo
from k8s_tutor.sim.runtime.images import parse_reference

Report = Callable[[str, str, str], None]  # type, reason, message of an event about the container


class ImageSource(Protocol):
    """The registry: the runtime's catalogue."""

    def image_info(self, reference: str) -> ImageInfo | None:
        """Return what a pull would give."""

    def pull_error(self, reference: str) -> str:
        """Return why it cannot be pulled."""


class ImageError(Exception):
    """The image is not there; ``reason`` is what the waiting container shows."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class Images:
    """The images of one node.

    Args:
        clock: cluster time.
        source: where images are pulled from.
        latency: pulls take time.
        present: references that are there from the beginning.
    """

    def __init__(self, clock: Clock, source: ImageSource, *, latency: bool, present: Iterable[str] = ()) -> None:
        self._clock = clock
        self._source = source
        self._latency = latency
        self._present: dict[str, ImageInfo] = {}
        self._backoff = Backoff(stages.timing("image_backoff"), stages.timing("image_backoff_max"))
        self._errors: dict[str, str] = {}
        self._serial = asyncio.Lock()
        self.changed: Callable[[], None] = lambda: None
        for reference in present:
            self._take(reference)

    def listing(self) -> list[Json]:
        """Return the images as the Node's status shows them: largest first, at most fifty."""
        found = sorted(self._present.values(), key=lambda info: -info.size)
        return [
            {"names": [f"{info.reference.rpartition(':')[0]}@{info.digest}", info.reference], "sizeBytes": info.size}
            for info in found[:50]
        ]

    def references(self) -> list[str]:
        """Return the references of the images that are there."""
        return list(self._present)

    def take(self, references: Iterable[str]) -> None:
        """Take images as present (a restored node)."""
        for reference in references:
            self._take(reference)

    def size(self) -> int:
        """Return the bytes that all images take."""
        return sum(info.size for info in self._present.values())

    async def ensure(self, reference: str, policy: str, uid: str, report: Report) -> ImageInfo:
        """Return the image, pulled if need be.

        Raises:
            ImageError: it is not there.
        """
        name = self._canonical(reference, report)
        info = self._present.get(name)
        if policy == "Always":
            return await self._pull(reference, name, uid, report)
        if info is not None:
            message = f'Container image "{reference}" already present on machine and can be accessed by the pod'
            report("Normal", "Pulled", message)
            return info
        if policy == "Never":
            message = f'Container image "{reference}" is not present with pull policy of Never'
            report("Warning", "ErrImageNeverPull", message)
            raise ImageError("ErrImageNeverPull", message)
        return await self._pull(reference, name, uid, report)

    def forget_pod(self, uid: str) -> None:
        """Drop the back-off of a pod that is gone."""
        self._backoff.forget(f"{uid}_")
        for key in [key for key in self._errors if key.startswith(f"{uid}_")]:
            del self._errors[key]

    def _canonical(self, reference: str, report: Report) -> str:
        try:
            return str(parse_reference(reference))
        except CatalogueError:
            why = f"couldn't parse image name {_quoted(reference)}: {_fault(reference)}"
            message = f"Failed to apply default image tag {_quoted(reference)}: {why}"
            report("Warning", "InspectFailed", message)
            raise ImageError("InvalidImageName", message) from None

    async def _pull(self, reference: str, name: str, uid: str, report: Report) -> ImageInfo:
        key = f"{uid}_{reference}"
        if self._backoff.in_backoff_since_update(key, self._clock.now()):
            message = f"Back-off pulling image {_quoted(reference)}"
            report("Normal", "BackOff", message)
            before = self._errors.get(key)
            raise ImageError("ImagePullBackOff", f"{message}: {before}" if before else message)
        self._errors.pop(key, None)
        report("Normal", "Pulling", f"Pulling image {_quoted(reference)}")
        info = self._source.image_info(reference)
        begun = self._clock.now()
        taken = await self._transfer(reference, name, info)
        if info is None:
            return self._failed(reference, key, report)
        report(
            "Normal",
            "Pulled",
            f"Successfully pulled image {_quoted(reference)} in {_duration(taken)} "
            f"({_duration(max(taken, self._clock.now() - begun))} including waiting). "
            f"Image size: {info.size} bytes.",
        )
        return info

    async def _transfer(self, reference: str, name: str, info: ImageInfo | None) -> float:
        """Pull, one image after the other as kubelets do by default; returns the seconds without waiting.

        What another pod has pulled meanwhile only needs to be asked for.
        """
        async with self._serial:
            seconds = stages.timing("registry_round_trip")
            if info is not None and name not in self._present:
                seconds += info.pull_seconds
            if self._latency:
                await self._clock.sleep(seconds)
            self._take(reference)
        return seconds

    def _failed(self, reference: str, key: str, report: Report) -> ImageInfo:
        error = f"rpc error: code = {self._code(reference)} desc = {self._source.pull_error(reference)}"
        report("Warning", "Failed", f"Failed to pull image {_quoted(reference)}: {error}")
        now = self._clock.now()
        self._backoff.next(key, now, now)
        self._errors[key] = f"ErrImagePull: {error}"
        raise ImageError("ErrImagePull", error)

    def _code(self, reference: str) -> str:
        return "NotFound" if ": not found" in self._source.pull_error(reference) else "Unknown"

    def _take(self, reference: str) -> None:
        info = self._source.image_info(reference)
        if info is None:
            return
        name = str(parse_reference(reference))
        if name not in self._present:
            self._present[name] = info
            self.changed()


def _fault(reference: str) -> str:
    """Return what is wrong with a reference that is none (upstream: ``distribution/reference``)."""
    domain, slash, path = reference.partition("/")
    if not slash or not (set(domain) & {".", ":"} or domain == "localhost" or domain != domain.lower()):
        path = reference if slash else f"library/{reference}"
    repository = path.partition(":")[0]
    if repository != repository.lower():
        return f"invalid reference format: repository name ({repository}) must be lowercase"
    return "invalid reference format"


def _quoted(text: str) -> str:
    return f'"{text}"'


def _duration(seconds: float) -> str:
    """Return a duration as Go prints it, to the millisecond."""
    millis = int(seconds * 1000)
    if millis < 1000:
        return f"{millis}ms" if millis else "0s"
    minutes, rest = divmod(millis, 60_000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    return f"{minutes}m{text}" if minutes else text
