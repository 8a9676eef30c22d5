"""A minikube cluster with the profile ``k8s-tutor``, run by the ``minikube`` program."""

import json
import os
from pathlib import Path
from typing import ClassVar

from k8s_tutor import paths
from k8s_tutor.errors import ClusterUnavailableError
from k8s_tutor.providers import tools
from k8s_tutor.providers.contract import Capability, Provider, ProviderStatus

PROFILE = "k8s-tutor"
INSTALL = "Install minikube (minikube.sigs.k8s.io) and one of its drivers."


class MinikubeProvider(Provider):
    """See the module; ``KUBECONFIG`` names our own file in every call, so that the user's is never written."""

    name: ClassVar[str] = "minikube"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.CREATE})

    @property
    def _file(self) -> Path:
        return paths.state_dir() / "minikube.kubeconfig"

    def _minikube(self, *words: str) -> tuple[int, str, str]:
        program = tools.find("minikube", INSTALL)
        command = [program, "--profile", PROFILE, *words]
        done = tools.run(command, {**os.environ, "KUBECONFIG": str(self._file)})
        return done.returncode, done.stdout, tools.last_words(done)

    def start(self) -> None:
        paths.private_folder(paths.state_dir())
        code, _, why = self._minikube("start", "--embed-certs", "--interactive=false", "--wait=apiserver,default_sa")
        if code != 0:
            raise ClusterUnavailableError("minikube could not start.", why, "Is one of its drivers running (Docker)?")
        if not self._file.exists():
            raise ClusterUnavailableError(
                "minikube started, but wrote no kubeconfig.", str(self._file), "Type: k8s-tutor cluster reset"
            )
        self._file.chmod(0o600)

    def stop(self) -> None:
        code, _, why = self._minikube("stop")
        if code != 0:
            raise ClusterUnavailableError("minikube could not stop.", why, "Is its driver running (Docker)?")

    def status(self) -> ProviderStatus:
        try:
            _, out, why = self._minikube("status", "--output", "json")
        except ClusterUnavailableError as error:
            return ProviderStatus(running=False, summary=f"minikube: {error.what} {error.why}")
        try:
            answer = json.loads(out)
        except ValueError:
            return ProviderStatus(running=False, summary=f"minikube profile «{PROFILE}»: {why}")
        state = answer.get("APIServer", "Nonexistent") if isinstance(answer, dict) else "Nonexistent"
        return ProviderStatus(running=state == "Running", summary=f"minikube profile «{PROFILE}»: {state}")

    def reset(self) -> None:
        code, _, why = self._minikube("delete")
        if code != 0:
            raise ClusterUnavailableError("minikube could not delete the profile.", why, "Is its driver running?")
        self._file.unlink(missing_ok=True)
        self.start()

    def kubeconfig(self) -> Path:
        if not self._file.exists():
            raise ClusterUnavailableError(
                "There is no minikube cluster of ours.", "It was never started.", "Type: k8s-tutor cluster start"
            )
        return self._file
