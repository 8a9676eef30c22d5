"""A network, a runtime and containers in virtual time."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.network import Network, Pipe
from k8s_tutor.sim.runtime import Container, ContainerConfig, Runtime

MakeContainer = Callable[..., Container]


class Sink:
    """A writer that keeps what it gets."""

    def __init__(self) -> None:
        self.data = b""
        self.closed = False

    async def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None:
        self.closed = True

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


@pytest.fixture
async def runtime(clock: Clock) -> Runtime:
    kit = SimpleNamespace(clock=clock, images=(), network=None)
    kit.network = Network(kit)
    return Runtime(kit)


@pytest.fixture
def container(runtime: Runtime) -> MakeContainer:
    """``container("busybox:1.36", "sh", "-c", "…", **config)`` starts a container in a pod of its own."""
    number = iter(range(1, 65000))

    def make(image: str, *command: str, start: bool = True, **config: Any) -> Container:
        index = next(number)
        ip = f"10.244.{index // 250}.{index % 250 + 2}"
        info = runtime.image_info(image)
        defaults: dict[str, Any] = {
            "namespace": "default",
            "pod_name": f"pod-{index}",
            "pod_uid": f"uid-{index}",
            "name": "main",
            "image": image,
            "pod_ip": ip,
            "command": list(command) or None,
        }
        defaults.update(config)
        defaults["env"] = {**(info.env if info else {}), **defaults.get("env", {})}
        runtime.network.attach(defaults["pod_ip"])
        made = runtime.create(ContainerConfig(**defaults))
        if start:
            made.start()
        return made

    return make


class Ran:
    """What a command gave."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


async def run(container: Container, *command: str, stdin: bytes | None = None, seconds: float = 60.0) -> Ran:
    """Execute a command in a container, living through cluster time as it needs."""
    out, err = Sink(), Sink()
    source: Pipe | None = None
    if stdin is not None:
        source = Pipe()
        source.write_now(stdin)
        source.close()
    clock = container.clock
    task = clock.spawn(container.exec(list(command), source, out, err))
    await clock.settle()
    spent = 0.0
    while not task.done() and spent < seconds:
        await clock.advance(0.05 if spent < 1 else 1)
        spent += 0.05 if spent < 1 else 1
    if not task.done():
        task.cancel()
        msg = f"{command} still runs; so far: {out.text!r} {err.text!r}"
        raise AssertionError(msg)
    return Ran(await task, out.text, err.text)


HERE = Path(__file__).parent
