"""A practice cluster as a process of its own, in a scratch folder, for measuring."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from k8s_tutor.client import Client


@dataclass(frozen=True, slots=True)
class Running:
    """A cluster that answers."""

    pid: int
    kubeconfig: Path
    client: Client
    seconds: float  # from exec to ready


@contextlib.contextmanager
def running(*words: str) -> Iterator[Running]:
    """Start ``python -m k8s_tutor.sim`` with these further words; ends and forgets it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="k8s-tutor-bench-"))
    command = [sys.executable, "-m", "k8s_tutor.sim", "--state", str(folder / "state"), "--idle-minutes", "0", *words]
    begun = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        line = process.stdout.readline() if process.stdout else b""
        seconds = time.perf_counter() - begun
        answer = json.loads(line or b"{}")
        if not answer.get("ready"):
            raise RuntimeError((folder / "log").read_text()[-2000:] or str(answer))
        kubeconfig = Path(answer["kubeconfig"])
        with Client.from_kubeconfig(kubeconfig) as client:
            yield Running(process.pid, kubeconfig, client, seconds)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def pss_megabytes(pid: int) -> float:
    """Return a process's proportional set size."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
