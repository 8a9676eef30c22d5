"""Record what real shells print: runs tests/runtime/shell/cases.txt with busybox and with dash and coreutils.

usage: python -m tools.record_shell   (needs Debian's busybox and dash)
Writes tests/runtime/shell/busybox.txt and debian.txt: per case the script, exit code, stdout, stderr.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "tests" / "runtime" / "shell"
SEPARATOR = "\n%%\n"


def main() -> int:
    cases = (FOLDER / "cases.txt").read_text("utf-8").rstrip("\n").split(SEPARATOR)
    with tempfile.TemporaryDirectory() as folder:
        bin_folder = Path(folder) / "bin"
        bin_folder.mkdir()
        busybox = shutil.which("busybox")
        if busybox is None:
            print("busybox is not installed", file=sys.stderr)
            return 1
        for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            (bin_folder / name).symlink_to(busybox)
        record("busybox", [str(bin_folder / "sh")], str(bin_folder), cases)
        record("debian", ["/bin/dash"], "/usr/local/bin:/usr/bin:/bin", cases)
    return 0


def record(name: str, shell: list[str], path: str, cases: list[str]) -> None:
    with (FOLDER / f"{name}.txt").open("w", encoding="utf-8") as out:
        for script in cases:
            with tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    ["sh", *shell[1:], "-c", script],
                    executable=shell[0],
                    cwd=folder,
                    env={"PATH": path, "HOME": "/root"},
                    capture_output=True,
                    text=True,
                    stdin=subprocess.DEVNULL,
                    timeout=20,
                    check=False,
                )
            out.write("=" * 20 + "\n")
            out.write("".join(f"$ {line}\n" for line in script.split("\n")))
            out.write(f"exit {done.returncode}\n")
            for mark, text in (("|", done.stdout), ("!", done.stderr)):
                out.write("".join(f"{mark} {json.dumps(line)[1:-1]}\n" for line in text.splitlines(keepends=True)))


if __name__ == "__main__":
    sys.exit(main())
