"""``kubectl uncordon``."""

from k8s_tutor.kubectl.verbs.cordon import Cordon


class Uncordon(Cordon):
    """Lets new pods come to a node again."""

    name = "uncordon"
    usage = "uncordon NODE [options]"
    short = "Mark node as schedulable"
    wanted = False
    done = "uncordoned"


VERB = Uncordon
