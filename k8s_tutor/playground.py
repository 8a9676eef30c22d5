"""A cluster to play exercises on, one case after the other, in as little real time as the provider allows.

With the capability ``clock`` the cluster's clock stands still and is advanced by hand; while a shell line waits for
something (``kubectl wait``), time is let pass under it. With ``snapshot`` each case begins from the fresh cluster.
Without them cases run in real time in emptied namespaces.
"""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from k8s_tutor.client import Client
from k8s_tutor.client.namespaced import write_namespaced
from k8s_tutor.providers.contract import Capability, Provider

PATIENCE = 0.15  # real seconds a line may take before time is let pass under it
LINE_LIMIT = 900.0  # cluster seconds a line may wait


class Playground:
    """A context manager around a provider's cluster.

    Args:
        provider: whose cluster; it is started.
        folder: for the playground's kubeconfig and working folders.
    """

    def __init__(self, provider: Provider, folder: Path) -> None:
        self.provider = provider
        self.folder = folder
        self.kubeconfig = folder / "kubeconfig"
        self._fresh = ""
        self._client: Client | None = None

    def __enter__(self) -> Self:
        self.provider.start()
        if self.can(Capability.CLOCK):
            self.provider.set_rate(0)
            self.provider.advance(30)
        if self.can(Capability.SNAPSHOT):
            self._fresh = self.provider.snapshot()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
        if self.can(Capability.CLOCK):
            self.provider.set_rate(1)

    def can(self, capability: Capability) -> bool:
        """Tell whether the provider can do something."""
        return capability in self.provider.capabilities

    @property
    def capabilities(self) -> frozenset[str]:
        """What exercises may need."""
        return frozenset(map(str, self.provider.capabilities))

    def fresh(self, namespace: str) -> Client:
        """Begin a case; returns the client, whose namespace is the exercise's."""
        if self._fresh:
            self.provider.restore(self._fresh)
        if self._client is not None:
            self._client.close()
        write_namespaced(self.provider.kubeconfig(), self.kubeconfig, namespace)
        self._client = Client.from_kubeconfig(self.kubeconfig)
        return self._client

    def shell(self, line: str, workdir: Path) -> tuple[int, str]:
        """Run a line, letting cluster time pass while it waits."""
        from k8s_tutor.kubectl.shellline import ShellLine

        output = io.StringIO()
        client = self._client
        shell = ShellLine(workdir, self.kubeconfig, client_factory=(lambda: client) if client is not None else None)
        code = while_time_passes(lambda: shell.run(line, output, output), self.wait, shell.cancel, output)
        return code, output.getvalue()

    def wait(self, seconds: float) -> None:
        """Let cluster time pass."""
        if self.can(Capability.CLOCK):
            self.provider.advance(seconds)
        else:
            time.sleep(seconds)


def while_time_passes(
    work: Callable[[], int], wait: Callable[[float], None], cancel: Callable[[], None], output: TextIO
) -> int:
    """Run a line in a thread, letting cluster time pass while it waits for something; returns its exit code.

    Args:
        work: runs the line.
        wait: lets cluster seconds pass.
        cancel: ends the line, after ``LINE_LIMIT`` cluster seconds.
        output: told what was wrong.
    """
    codes: list[int] = []

    def run() -> None:
        try:
            codes.append(work())
        except Exception as error:  # noqa: BLE001 - told as the line's output: the case must end with its cause
            output.write(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    waited = 0.0
    while thread.is_alive() and waited < LINE_LIMIT:
        wait(1.0)
        waited += 1.0
        thread.join(0.01)
    if thread.is_alive():
        cancel()
        thread.join(5)
        output.write(f"\nit did not end within {LINE_LIMIT:g} s")
        return 124
    return codes[0] if codes else 1
