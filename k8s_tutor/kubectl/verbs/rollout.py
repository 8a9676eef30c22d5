"""``kubectl rollout status|history|undo|restart|pause|resume`` (kubectl, ``cmd/rollout``)."""

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.verbs._rollout_changes import Pause, Restart, Resume, Undo
from k8s_tutor.kubectl.verbs._rollout_history import History
from k8s_tutor.kubectl.verbs._rollout_status import Status


class Rollout(Verb):
    """Groups what can be done with a rollout."""

    name = "rollout"
    usage = "rollout SUBCOMMAND [options]"
    short = "Manage the rollout of a resource"
    group = "Deploy Commands"
    has_inner = True
    subverbs = (History, Pause, Restart, Resume, Status, Undo)
    examples = """
kubectl rollout status deployment/web
kubectl rollout history deployment/web
kubectl rollout undo deployment/web --to-revision=1
"""

    def run(self, call: Call) -> int:
        from k8s_tutor.kubectl.helptext import verb_help

        if call.arguments:
            raise call.usage(f"unknown command {quoted(call.arguments[0])}")
        call.streams.stderr.write(verb_help(type(self), call.path))
        return 1


VERB = Rollout
