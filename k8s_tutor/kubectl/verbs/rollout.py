"""``kubectl rollout status|history|undo|restart|pause|resume`` (kubectl, ``cmd/rollout``)."""

from k8s_tutor.kubectl.verbgroup import VerbGroup
from k8s_tutor.kubectl.verbs._rollout_changes import Pause, Restart, Resume, Undo
from k8s_tutor.kubectl.verbs._rollout_history import History
from k8s_tutor.kubectl.verbs._rollout_status import Status


class Rollout(VerbGroup):
    """Groups what can be done with a rollout."""

    name = "rollout"
    usage = "rollout SUBCOMMAND [options]"
    short = "Manage the rollout of a resource"
    help_to_output = True
    group = "Deploy Commands"
    subverbs = (History, Pause, Restart, Resume, Status, Undo)
    examples = """
kubectl rollout status deployment/web
kubectl rollout history deployment/web
kubectl rollout undo deployment/web --to-revision=1
"""


VERB = Rollout
