"""``python -m k8s_tutor.kubectl …``: one call in this terminal, without the rest of the product."""

import sys

from k8s_tutor.kubectl import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr))
