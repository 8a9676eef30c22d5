"""The session's way to its cluster: the learner's kubeconfig, one shared client, and cluster time to wait for."""

import io
import threading
import time
from pathlib import Path

from k8s_tutor.client import Client, load_target
from k8s_tutor.client.namespaced import write_namespaced
from k8s_tutor.errors import ClusterUnavailableError
from k8s_tutor.paths import private_folder, state_dir
from k8s_tutor.providers.contract import Capability, Provider


def session_kubeconfig() -> Path:
    """Where the learner's kubeconfig lies: always there, so that another terminal that was given it follows along."""
    return private_folder(state_dir() / "session") / "kubeconfig"


class Connection:
    """Made without touching the cluster.

    Args:
        provider: whose cluster; None if there is only a kubeconfig.
        source: the cluster's kubeconfig; the provider's if None.
    """

    def __init__(self, provider: Provider | None, source: Path | None) -> None:
        self.provider = provider
        self._source = source
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._written = False

    @property
    def capabilities(self) -> frozenset[str]:
        """What the provider can do."""
        return frozenset(map(str, self.provider.capabilities)) if self.provider is not None else frozenset()

    @property
    def owns_cluster(self) -> bool:
        """Whether the whole cluster is ours: one that was named by a kubeconfig alone is taken for a test cluster."""
        return self.provider is None or Capability.CREATE in self.provider.capabilities

    @property
    def kubeconfig(self) -> Path:
        """The learner's kubeconfig.

        Raises:
            ClusterUnavailableError: there is no cluster yet.
        """
        if not self._written:
            # A copy of an earlier day may name a cluster that is no more: only its namespace is kept.
            write_namespaced(self._cluster_kubeconfig(), session_kubeconfig(), _namespace_of(session_kubeconfig()))
            self._written = True
        return session_kubeconfig()

    def use_namespace(self, namespace: str) -> Client:
        """Make a namespace the current one; returns the client that has it.

        Raises:
            ClusterUnavailableError: there is no cluster yet.
        """
        write_namespaced(self._cluster_kubeconfig(), session_kubeconfig(), namespace)
        self._written = True
        self.close()
        return self.client()

    def client(self) -> Client:
        """The shared client."""
        path = self.kubeconfig if self._client is None else None
        with self._lock:
            if self._client is None:
                self._client = Client.from_kubeconfig(path or self.kubeconfig)
            return self._client

    def close(self) -> None:
        """Close the client; the next question makes another."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def wait(self, seconds: float) -> None:
        """Let cluster time pass: at once where the provider can, else by waiting."""
        if self.provider is not None and Capability.CLOCK in self.provider.capabilities:
            self.provider.advance(seconds)
        else:
            time.sleep(seconds)

    def shell(self, line: str, workdir: Path) -> tuple[int, str]:
        """Run a line of a start state; where the clock can be advanced, nobody waits for what it waits for."""
        from k8s_tutor.kubectl.shellline import ShellLine
        from k8s_tutor.playground import while_time_passes

        output = io.StringIO()
        shell = ShellLine(workdir, self.kubeconfig, client_factory=self.client)
        code = while_time_passes(lambda: shell.run(line, output, output), self.wait, shell.cancel, output)
        return code, output.getvalue()

    def _cluster_kubeconfig(self) -> Path:
        if self._source is not None:
            return self._source
        if self.provider is None:
            raise ClusterUnavailableError(
                "There is no cluster.",
                "Why: neither a provider nor a kubeconfig is given.",
                "Next: k8s-tutor cluster start",
            )
        return self.provider.kubeconfig()


def _namespace_of(kubeconfig: Path) -> str:
    try:
        return load_target(kubeconfig).namespace
    except ClusterUnavailableError:
        return "default"
