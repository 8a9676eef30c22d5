"""Runs the recorded shell lines in order, with the real kubectl or ours, and compares what they print."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from k8s_tutor.apimachinery.unstructured import Json
from tests.conformance.recordings import Score, records
from tests.conformance.serving import served

POD = "[bcdfghjklmnpqrstvwxz2456789]{5}"
HASH = "[bcdfghjklmnpqrstvwxz2456789]"
RULES = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"containerd://[0-9a-f]{64}", "CONTAINER"),
    (r"sha256:[0-9a-f]{64}", "DIGEST"),
    (rf"kube-api-access-{POD}", "kube-api-access-X"),
    (rf"-{HASH}{{6,10}}-{POD}\b", "-HASH-POD"),
    (r"pod-template-hash=[a-z0-9]+", "pod-template-hash=HASH"),
    (r"controller-revision-hash=[a-z0-9-]+", "controller-revision-hash=HASH"),
    (rf"\b(rs|ds|job|j|pi|agent|hello|batch)((?:-\d)?)-{POD}\b", r"\1\2-POD"),
    (rf"(web|own|app|front|api)-{HASH}{{8,10}}\b", r"\1-HASH"),
    (r"(LIVE|MERGED)-\d+", r"\1-N"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}", "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} UTC", "TIME"),
    (r"\b10\.\d+\.\d+\.\d+\b|\b192\.0\.2\.2\b|\b172\.\d+\.\d+\.\d+\b", "IP"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r":3[0-2]\d{3}/", ":PORT/"),
    (r"3[0-2]\d{3}/(TCP|UDP)", r"PORT/\1"),
    (r"\b(\d+h)?(\d+m)?\d+s\b( \(x\d+ over (\d+[hms])+\))?|\b\d+d(\d+h)?\b|\b\d+h(\d+m)?\b|<invalid>", "AGE"),
    (r"[0-9a-f]{64}", "LONG-ID"),
    (r'Context "[^"]+"', 'Context "NAME"'),
    (r"\b\d+\.\d+%", "N%"),
    (r"resourceVersion: \"\d+\"", "RV"),
    (r"\(\d+(\.\d+)?%\)", "(N%)"),
    (r"[IEW]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.]+:\d+\]", "LOG"),
    (r"[ \t]+", " "),
    (r" +\n", "\n"),
)


def normal(text: str, command: str) -> list[str]:
    """Return the output's lines with what differs from run to run blanked."""
    for pattern, word in RULES:
        text = re.sub(pattern, word, text)
    kept = (line.strip() for line in text.strip().splitlines() if not re.fullmatch(r"[-\s]*", line))
    lines = [line for line in kept if not line.startswith("Forwarding from [::1]")]
    if " describe " in command and "Events:" in lines:
        at = lines.index("Events:")
        lines = lines[:at] + sorted(lines[at:])
    return lines


def _run(line: str, env: dict[str, str], folder: Path) -> Json:
    try:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"exit": 124, "stdout": [], "stderr": ["timeout"]}
    return {"exit": done.returncode, "stdout": normal(done.stdout, line), "stderr": normal(done.stderr, line)}


def play(which: str) -> Iterator[Score]:
    """Run all lines; ``which``: ``real`` or ``ours``."""
    programs = {
        "real": str(Path(sys.executable).with_name("kubectl")),
        "ours": f"{sys.executable} -m k8s_tutor.kubectl",
    }
    score = Score(f"transcript {which}")
    with served(nodes=1, rate=1.0) as cluster, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "kubeconfig").write_bytes(cluster.kubeconfig.read_bytes())
        (place / ".bin").mkdir()
        shim = place / ".bin" / "kubectl"
        shim.write_text(f'#!/bin/sh\nexec {programs[which]} "$@"\n')
        shim.chmod(0o755)
        path = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
        env = os.environ | {"KUBECONFIG": str(place / "kubeconfig"), "LC_ALL": "C.UTF-8", "PATH": path, "HOME": folder}
        for record in records("transcript"):
            got = _run(record["line"], env, place)
            want = {key: record[key] for key in got}
            if not record.get("setup"):
                score.add(want == got, f"$ {record['line']}\n    want {want}\n    got  {got}")
    yield score
