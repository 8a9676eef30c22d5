"""Runs the outside programs of providers (kind, minikube, docker, podman), with errors a learner can act on."""

import shutil
import subprocess
from collections.abc import Sequence

from k8s_tutor.errors import ClusterUnavailableError

TIMEOUT = 600.0


def find(program: str, install: str) -> str:
    """Return the program's path.

    Raises:
        ClusterUnavailableError: it is not on PATH; ``install`` says where to get it.
    """
    path = shutil.which(program)
    if path is None:
        raise ClusterUnavailableError(
            f"The program {program} is not here.",
            "It is not on PATH.",
            f"{install} Or stay on the practice cluster: k8s-tutor provider use practice",
        )
    return path


def run(command: Sequence[str], env: dict[str, str], *, timeout: float = TIMEOUT) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it printed, whatever its exit code.

    Raises:
        ClusterUnavailableError: it could not be run, or took too long.
    """
    try:
        return subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterUnavailableError(
            f"{command[0]} did not end within {timeout:.0f} s.", "It may still be pulling images.", "Try again."
        ) from error
    except OSError as error:
        raise ClusterUnavailableError(f"{command[0]} cannot be run.", str(error), "Install it anew.") from error


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return the line of a failed program's output that tells the cause."""
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    marked = [line for line in lines if "ERROR" in line or "Exiting due to" in line or line.startswith("X ")]
    return (marked or lines or [f"exit code {done.returncode}"])[0]
