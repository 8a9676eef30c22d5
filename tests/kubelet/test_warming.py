"""What the first pods need is imported before they come."""

import subprocess
import sys

SCRIPT = """
import asyncio, sys
from k8s_tutor.sim.warming import warm
asyncio.run(warm())
wanted = ("resources.pod", "resources.deployment", "kubelet.volumes.projected", "runtime.shell.interpreter",
          "runtime.programs.serving")
print([name for name in wanted if f"k8s_tutor.sim.{name}" not in sys.modules])
"""


def test_what_the_first_pods_need_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
