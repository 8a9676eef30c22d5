"""The practice cluster: our own control plane in a detached process, one for a HOME (``--name`` for more).

``start`` runs ``python -m k8s_tutor.sim`` in a session of its own and returns when that says it is ready; the process
outlives us and ends by itself when idle, keeping its state. ``cluster.json`` in the state folder tells who runs.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar

from k8s_tutor import __version__, paths
from k8s_tutor.errors import ClusterUnavailableError, LocalStateError, RefusedError, TutorError, UsageError
from k8s_tutor.providers.contract import Capability, Provider, ProviderStatus
from k8s_tutor.providers.control import Control

START_SECONDS = 60.0
STOP_SECONDS = 10.0
IDLE_MINUTES = 30
DEFAULT_NODES = 2
SHAPE = "shape.json"  # beside the state: with which flags it was made, and by which version of the program


class PracticeProvider(Provider):
    """See the module.

    Args:
        name: which practice cluster, for more than one a HOME.
        nodes: workers; None takes what runs, or the default.
        bare: no control-plane node and no add-ons; None takes what runs, or False.
        port: ask for this port; None takes a free one and remembers it.
        start_latency: whether starting containers takes the time it takes on a real node.
        clock_rate: cluster seconds a real second at the start.
        images: a further folder of image profiles.
    """

    name: ClassVar[str] = "practice"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)

    def __init__(
        self,
        name: str = "default",
        nodes: int | None = None,
        *,
        bare: bool | None = None,
        port: int | None = None,
        start_latency: bool | None = None,
        clock_rate: float | None = None,
        images: str = "",
    ) -> None:
        if not name.replace("-", "").isalnum():
            raise UsageError(f"«{name}» is no name for a practice cluster.", "Letters, digits and dashes are allowed.")
        self._cluster = name
        self._nodes = nodes
        self._bare = bare
        self._port = port
        self._start_latency = start_latency
        self._clock_rate = clock_rate
        self._images = images

    @property
    def folder(self) -> Path:
        """Where this cluster's state lies."""
        return paths.state_dir() / "clusters" / self._cluster

    @property
    def context(self) -> str:
        """The name of the kubeconfig's context."""
        return "k8s-tutor" if self._cluster == "default" else f"k8s-tutor-{self._cluster}"

    def kubeconfig(self) -> Path:
        file = self.folder / "kubeconfig"
        if not file.exists():
            raise ClusterUnavailableError(
                "The practice cluster was never started.",
                "There is no kubeconfig yet.",
                "Type: k8s-tutor cluster start",
            )
        return file

    # -- life

    def start(self) -> None:
        running = self._running()
        if running is not None:
            self._refuse_other_flags(running)
            if self._kept().get("program", __version__) == __version__:
                return
            self.stop()  # an older program's process: this one takes its state over
        else:
            self._refuse_other_flags(self._kept())
        self._spawn()

    def stop(self) -> None:
        record = self._record()
        pid = self._pid(record)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if not _ended(pid, STOP_SECONDS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _ended(pid, STOP_SECONDS)

    def status(self) -> ProviderStatus:
        try:
            running = self._running()
        except TutorError as error:
            return ProviderStatus(running=False, summary=error.what, details={"error": error.render()})
        if running is None:
            there = "stopped; its state is kept" if (self.folder / "state.db").exists() else "not made yet"
            return ProviderStatus(running=False, summary=f"practice cluster «{self._cluster}»: {there}")
        shape = "bare, " if running.get("bare") else ""
        text = (
            f"practice cluster «{self._cluster}»: https://127.0.0.1:{running.get('port')}, {shape}"
            f"{running.get('nodes')} worker(s), clock ×{running.get('rate', 1):g}, process {running.get('pid')}"
        )
        return ProviderStatus(running=True, summary=text, details=running)

    def reset(self) -> None:
        if self._running() is None:
            self.start()
        self._control().call("POST", "/reset", {})

    def remove(self) -> None:
        """Stop it, and forget its state."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- capabilities

    def snapshot(self) -> str:
        return str(self._control().call("POST", "/snapshots", {})["id"])

    def restore(self, snapshot: str) -> None:
        self._control().call("POST", f"/snapshots/{snapshot}/restore", {})

    def advance(self, seconds: float) -> None:
        self._control().call("POST", "/clock/advance", {"seconds": seconds}, timeout=600)

    def set_rate(self, rate: float) -> None:
        self._control().call("PUT", "/clock", {"rate": rate})

    def set_component(self, component: str, *, running: bool) -> None:
        self._control().call("PUT", f"/components/{component}", {"running": running})

    def set_node(self, node: str, *, running: bool) -> None:
        self._control().call("PUT", f"/nodes/{node}", {"running": running})

    # -- inside

    def _control(self) -> Control:
        return Control(self.kubeconfig())

    def _record(self) -> dict[str, Any]:
        try:
            value = json.loads((self.folder / "cluster.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def _pid(self, record: dict[str, Any]) -> int | None:
        pid = record.get("pid")
        return pid if isinstance(pid, int) and _alive(pid) else None

    def _running(self) -> dict[str, Any] | None:
        """Return the status of the running process, or None."""
        if self._pid(self._record()) is None:
            return None
        with contextlib.suppress(ClusterUnavailableError):
            return self._control().call("GET", "/status", timeout=5)
        return None

    def _kept(self) -> dict[str, Any]:
        """Return the shape of the state that a stopped cluster has left, or {}."""
        if not (self.folder / "state.db").exists():
            return {}
        try:
            value = json.loads((self.folder / SHAPE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def _refuse_other_flags(self, there: dict[str, Any]) -> None:
        asked = {"nodes": self._nodes, "bare": self._bare, "port": self._port or None}
        for flag, value in asked.items():
            if value is not None and flag in there and there[flag] != value:
                name = "" if self._cluster == "default" else f" --name {self._cluster}"
                raise RefusedError(
                    f"The practice cluster «{self._cluster}» has {flag} {there[flag]}, not {value}.",
                    "Another shape needs a fresh cluster: what is in this one would be lost.",
                    f"Type: k8s-tutor cluster delete --yes{name}, then start with the new flags; "
                    "or keep both: k8s-tutor cluster start --name other",
                )

    def _arguments(self) -> list[str]:
        kept = self._kept()
        nodes = self._nodes if self._nodes is not None else kept.get("nodes", DEFAULT_NODES)
        bare = self._bare if self._bare is not None else kept.get("bare", False)
        latency = self._start_latency if self._start_latency is not None else kept.get("start_latency", True)
        words = ["--state", str(self.folder), "--name", self.context, "--nodes", str(nodes)]
        words += ["--idle-minutes", str(IDLE_MINUTES)]
        words += ["--bare"] if bare else []
        words += ["--port", str(self._port)] if self._port is not None else []
        words += [] if latency else ["--no-start-latency"]
        words += ["--clock-rate", str(self._clock_rate)] if self._clock_rate is not None else []
        for folder in (self._images, str(paths.config_dir() / "images")):
            words += ["--images", folder] if folder and Path(folder).is_dir() else []
        return words

    def _started_by_another(self) -> bool:
        """Wait for the process that another tutor is starting at this moment."""
        return _until(lambda: self._running() is not None, START_SECONDS)

    def _spawn(self) -> None:
        paths.private_folder(self.folder)
        log = self.folder / "cluster.log"
        try:
            with log.open("ab") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-m", "k8s_tutor.sim", *self._arguments()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                    cwd=self.folder,
                )
        except OSError as error:
            raise LocalStateError(
                "The practice cluster cannot be started.", str(error), "Check that folder."
            ) from error
        if process.stdout is None:  # pragma: no cover - Popen was asked for a pipe
            return
        with process.stdout as pipe:
            answer = _first_line(pipe, START_SECONDS)
        if answer.get("ready"):
            process.returncode = 0  # it outlives us: Popen is not to warn that nobody waited for it
            record = self._record()
            shape = {name: record.get(name) for name in ("nodes", "bare", "start_latency")}
            paths.write_atomically(self.folder / SHAPE, json.dumps(shape | {"program": __version__}))
            return
        why = str(answer.get("error") or f"see {log}")
        if process.poll() is None and not answer:
            process.kill()
            why = f"it was not ready after {START_SECONDS:.0f} s; see {log}"
        code = process.wait()
        if code == RefusedError.exit_code and self._started_by_another():
            return
        step = "Type: k8s-tutor cluster start --port 0" if code == LocalStateError.exit_code else f"Read {log}"
        if "state.db" in why:
            step = "Type: k8s-tutor cluster delete --yes (your progress in the course is kept)"
        kind = LocalStateError if code == LocalStateError.exit_code else ClusterUnavailableError
        raise kind("The practice cluster did not start.", why, step)


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _first_line(pipe: IO[bytes], seconds: float) -> dict[str, Any]:
    """Return the JSON that the process prints when it is ready, or {} after a time-out or its end."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            break
        line = pipe.readline()
        if not line:
            break
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict):
                return value
    return {}


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # our own child that has ended is no running cluster
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ended(pid: int, seconds: float) -> bool:
    return _until(lambda: not _alive(pid), seconds)
