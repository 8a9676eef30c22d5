"""A verb that only holds others: ``kubectl rollout``, ``kubectl config``. Apart from `Verb`, for it needs the help texts."""

from typing import ClassVar

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.helptext import verb_help


class VerbGroup(Verb):
    """Without one of its verbs it shows its help."""

    has_inner = True
    help_to_output: ClassVar[bool] = False

    def run(self, call: Call) -> int:
        if call.arguments:
            raise call.usage(f'unknown command "{call.arguments[0]}"')
        told = call.streams.stdout if self.help_to_output else call.streams.stderr
        told.write(verb_help(type(self), call.path))
        return 1
