"""A kind cluster named ``k8s-tutor``, made and deleted by the ``kind`` program (needs Docker or Podman)."""

import os
from pathlib import Path
from typing import ClassVar

from k8s_tutor import paths
from k8s_tutor.errors import ClusterUnavailableError
from k8s_tutor.providers import tools
from k8s_tutor.providers.contract import Capability, Provider, ProviderStatus

CLUSTER = "k8s-tutor"
INSTALL = "Install kind (kind.sigs.k8s.io) and Docker or Podman."


class KindProvider(Provider):
    """See the module; the kubeconfig is ours (``KUBECONFIG`` is set for every call), never the user's."""

    name: ClassVar[str] = "kind"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.CREATE})

    @property
    def _file(self) -> Path:
        return paths.state_dir() / "kind.kubeconfig"

    def _kind(self, *words: str) -> tuple[int, str, str]:
        program = tools.find("kind", INSTALL)
        done = tools.run([program, *words], {**os.environ, "KUBECONFIG": str(self._file)})
        return done.returncode, done.stdout, tools.last_words(done)

    def _exists(self) -> bool:
        code, out, why = self._kind("get", "clusters")
        if code != 0:
            raise ClusterUnavailableError("kind cannot list its clusters.", why, "Is Docker or Podman running?")
        return CLUSTER in out.split()

    def start(self) -> None:
        paths.private_folder(paths.state_dir())
        if self._exists():
            code, out, why = self._kind("get", "kubeconfig", "--name", CLUSTER)
            if code != 0:
                raise ClusterUnavailableError(
                    "The kind cluster k8s-tutor is there, but gives no kubeconfig.",
                    why,
                    "Type: k8s-tutor cluster reset",
                )
            paths.write_atomically(self._file, out)
            return
        code, _, why = self._kind(
            "create", "cluster", "--name", CLUSTER, "--kubeconfig", str(self._file), "--wait", "120s"
        )
        if code != 0:
            raise ClusterUnavailableError("kind could not create the cluster.", why, "Is Docker or Podman running?")
        self._file.chmod(0o600)

    def stop(self) -> None:
        if self._exists():
            code, _, why = self._kind("delete", "cluster", "--name", CLUSTER, "--kubeconfig", str(self._file))
            if code != 0:
                raise ClusterUnavailableError("kind could not delete the cluster.", why, "Is Docker running?")
        self._file.unlink(missing_ok=True)

    def status(self) -> ProviderStatus:
        try:
            there = self._exists()
        except ClusterUnavailableError as error:
            return ProviderStatus(running=False, summary=f"kind: {error.what} {error.why}")
        text = f"kind cluster «{CLUSTER}»: {'there' if there else 'not made yet'}"
        return ProviderStatus(running=there, summary=text)

    def reset(self) -> None:
        self.stop()
        self.start()

    def kubeconfig(self) -> Path:
        if not self._file.exists():
            raise ClusterUnavailableError(
                "There is no kind cluster of ours.",
                "It was never made, or was deleted.",
                "Type: k8s-tutor cluster start",
            )
        return self._file
