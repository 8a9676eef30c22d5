"""The number of arguments that the verbs of ``kubectl config`` take, checked in one way."""

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.helptext import verb_help
from k8s_tutor.kubectl.text import go_list

UNEXPECTED = "Unexpected args"


def expect_arguments(verb: Verb, call: Call, count: int, *, words: str = UNEXPECTED) -> None:
    """Refuse another number of arguments, after the help (kubectl, ``cmdutil.UsageErrorf`` and ``helpErrorf``)."""
    if len(call.arguments) != count:
        raise unexpected_arguments(verb, call, words)


def unexpected_arguments(verb: Verb, call: Call, words: str = UNEXPECTED) -> CommandError:
    """Return the refusal of the call's arguments."""
    return CommandError(f"{words}: {go_list(call.arguments)}", output=verb_help(type(verb), call.path))
