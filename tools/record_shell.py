"""Record what real shells print: runs tests/runtime/shell/*cases.txt with busybox, with dash and bash and coreutils.

usage: python -m tools.record_shell   (needs Debian's busybox, dash, bash; as root, for PID namespaces)
Writes tests/runtime/shell/NAME.txt: per case the script, exit code, stdout, stderr. Cases of ``pid1_cases.txt`` run as
PID 1 of a namespace of their own, as a container's command does; "% SECONDS SIGNAL" sends a signal from outside.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "tests" / "runtime" / "shell"
SEPARATOR = "\n%%\n"


def main() -> int:
    busybox = shutil.which("busybox")
    if busybox is None:
        print("busybox is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        bin_folder = Path(folder) / "bin"
        bin_folder.mkdir()
        for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            (bin_folder / name).symlink_to(busybox)
        debian = "/usr/local/bin:/usr/bin:/bin"
        shells = (
            ("busybox", ["sh", str(bin_folder / "sh")], str(bin_folder)),
            ("debian", ["sh", "/bin/dash"], debian),
            ("bash", ["bash", "/bin/bash"], debian),
        )
        for name, shell, path in shells:
            record(name, shell, path, cases("cases"))
            record(f"pid1_{name}", shell, path, cases("pid1_cases"), first=True)
        record("bash_only", ["bash", "/bin/bash"], debian, cases("bash_cases"))
    return 0


def cases(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text("utf-8").rstrip("\n").split(SEPARATOR)


def record(name: str, shell: list[str], path: str, scripts: list[str], *, first: bool = False) -> None:
    with (FOLDER / f"{name}.txt").open("w", encoding="utf-8") as out:
        for script in scripts:
            code, *texts = run(shell, path, script, first=first)
            out.write("=" * 20 + "\n")
            out.write("".join(f"$ {line}\n" for line in script.split("\n")))
            out.write(f"exit {code}\n")
            for mark, text in zip("|!", texts, strict=True):
                out.write("".join(f"{mark} {json.dumps(line)[1:-1]}\n" for line in text.splitlines(keepends=True)))


def run(shell: list[str], path: str, script: str, *, first: bool) -> tuple[int, str, str]:
    """Return exit code (128 and the signal's number of one that a signal ended), stdout, stderr."""
    after, text = 0.0, script
    if script.startswith("% "):
        head, text = script.split("\n", 1)
        after, signal_name = float(head.split()[1]), head.split()[2]
    words = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"] if first else []
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*words, "/bin/bash", "-c", 'exec -a "$0" "$@"', *shell, "-c", text],
            cwd=folder,
            env={"PATH": path, "HOME": "/root"},
            executable=shutil.which(words[0]) if first else "/bin/bash",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if after:
            time.sleep(after)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(int(children[0]), getattr(signal, f"SIG{signal_name}"))
        out, err = process.communicate(timeout=20)
    code = process.returncode
    if code == 1 and "sigprocmask unblock failed" in err:  # unshare dies of its child's signal, but not of SIGKILL
        return 128 + signal.SIGKILL, out, ""
    return (128 - code if code < 0 else code), out, err


if __name__ == "__main__":
    sys.exit(main())
