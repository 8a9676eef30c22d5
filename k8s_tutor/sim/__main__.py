"""Runs a practice cluster as a process; ``python -m k8s_tutor.sim --help``."""

import sys

from k8s_tutor.sim.process import main

if __name__ == "__main__":
    sys.exit(main())
