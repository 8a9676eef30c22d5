"""Executables that speak kind's and minikube's command lines, with a kubeconfig of ours behind.

They follow the real programs (kind 0.30, minikube 1.37): the words of the calls the providers make, where output goes,
exit codes and the text of failures. State is a folder: a file per cluster.
"""

import os
import stat
import textwrap
from pathlib import Path

KIND = """
import os, pathlib, shutil, sys
state = pathlib.Path(os.environ["FAKE_STATE"])
words = sys.argv[1:]
def flag(name, default=""):
    return words[words.index(name) + 1] if name in words else default
def fail(text, code=1):
    print(text, file=sys.stderr)
    sys.exit(code)
if os.environ.get("FAKE_DOCKER") == "down":
    fail('ERROR: failed to list clusters: command "docker ps -a --filter label=io.x-k8s.kind.cluster" failed with error: exit status 1\\n'
         "Command Output: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
name = flag("--name", "kind")
cluster = state / f"kind-{name}"
if words[:2] == ["get", "clusters"]:
    found = sorted(p.name.removeprefix("kind-") for p in state.glob("kind-*"))
    print("\\n".join(found)) if found else print("No kind clusters found.", file=sys.stderr)
elif words[:2] == ["create", "cluster"]:
    if cluster.exists():
        fail(f'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "{name}"')
    print(f'Creating cluster "{name}" ...', file=sys.stderr)
    cluster.touch()
    target = flag("--kubeconfig") or os.environ["KUBECONFIG"]
    shutil.copy(os.environ["FAKE_KUBECONFIG"], target)
elif words[:2] == ["get", "kubeconfig"]:
    if not cluster.exists():
        fail(f'ERROR: could not locate any control plane nodes for cluster named "{name}". Use the --name option to select a different cluster')
    print(pathlib.Path(os.environ["FAKE_KUBECONFIG"]).read_text(), end="")
elif words[:2] == ["delete", "cluster"]:
    print(f'Deleting cluster "{name}" ...', file=sys.stderr)
    cluster.unlink(missing_ok=True)
else:
    fail(f"ERROR: unknown command {words!r} for \\"kind\\"")
"""
MINIKUBE = """
import json, os, pathlib, shutil, sys
state = pathlib.Path(os.environ["FAKE_STATE"])
words = sys.argv[1:]
profile = words[words.index("--profile") + 1]
words = [w for i, w in enumerate(words) if w != "--profile" and (i == 0 or sys.argv[i] != "--profile")]
machine = state / f"minikube-{profile}"
command = next(w for w in words if not w.startswith("-"))
if command == "start":
    if os.environ.get("FAKE_DOCKER") == "down":
        print("X Exiting due to PROVIDER_DOCKER_NOT_RUNNING: deadline exceeded running docker version", file=sys.stderr)
        sys.exit(69)
    machine.write_text("Running")
    shutil.copy(os.environ["FAKE_KUBECONFIG"], os.environ["KUBECONFIG"])
    print('* Done! kubectl is now configured to use "k8s-tutor" cluster and "default" namespace by default')
elif command == "stop":
    machine.write_text("Stopped")
    print(f'* 1 node stopped.')
elif command == "delete":
    machine.unlink(missing_ok=True)
    print(f'* Removed all traces of the "{profile}" cluster.')
elif command == "status":
    if not machine.exists():
        print(f'* Profile "{profile}" not found. Run "minikube profile list" to view all profiles.')
        sys.exit(85)
    value = machine.read_text()
    print(json.dumps({"Name": profile, "Host": value, "Kubelet": value, "APIServer": value, "Kubeconfig": "Configured"}))
    sys.exit(0 if value == "Running" else 7)
else:
    print(f"X Exiting due to MK_USAGE: unknown command {command}", file=sys.stderr)
    sys.exit(64)
"""


def install(folder: Path, kubeconfig: Path, monkeypatch: object) -> None:
    """Put both programs first on PATH; their clusters answer with this kubeconfig."""
    programs, state = folder / "bin", folder / "fake-state"
    programs.mkdir()
    state.mkdir()
    for name, source in (("kind", KIND), ("minikube", MINIKUBE)):
        file = programs / name
        file.write_text("#!/usr/bin/env python3\n" + textwrap.dedent(source))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    setenv = monkeypatch.setenv  # type: ignore[attr-defined]
    setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    setenv("FAKE_STATE", str(state))
    setenv("FAKE_KUBECONFIG", str(kubeconfig))
