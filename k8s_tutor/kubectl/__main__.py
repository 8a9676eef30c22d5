"""``python -m k8s_tutor.kubectl …``: one call in this terminal, without the rest of the product."""

import sys

from k8s_tutor.kubectl import run
from k8s_tutor.kubectl.terminal import terminal_of

if __name__ == "__main__":
    terminal = terminal_of(sys.stdin)
    sys.exit(run(sys.argv[1:], stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, terminal=terminal))
