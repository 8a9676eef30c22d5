"""What the first pods of a cluster do not have to wait for."""

import subprocess
import sys

FIRST = ("k8s_tutor.sim.scheduler.plugins.profile", "k8s_tutor.sim.resources.pod", "k8s_tutor.sim.cluster")


def test_a_cluster_without_devices_and_policies_does_not_load_cel() -> None:
    text = f"import sys, {', '.join(FIRST)}; print('cel_expr_python' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
