"""``kubectl annotate`` (kubectl, ``cmd/annotate``)."""

from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.options import deeply, field_manager
from k8s_tutor.kubectl.rollouts import CHANGE_CAUSE
from k8s_tutor.kubectl.verbs.label import Label


class Annotate(Label):
    """Sets and removes annotations."""

    name = "annotate"
    usage = "annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]"
    short = "Update the annotations on a resource"
    examples = """
kubectl annotate pod one note='hello there'
kubectl annotate pod one note-
"""
    flags = deeply(*(flag for flag in Label.flags if flag.name != "field-manager"), field_manager("kubectl-annotate"))
    field = "annotations"
    word = "annotation"
    verb_past = "annotated"
    manager = "kubectl-annotate"

    def _refuse_overwriting(self, values: dict[str, str]) -> None:
        taken = [
            f"'{key}' already has a value ({values[key]})"
            for key, value in sorted(self.setting.items())
            if key in values and values[key] != value and key != CHANGE_CAUSE
        ]
        if taken:
            found = "; ".join(taken)
            raise CommandError(f"--overwrite is false but found the following declared annotation(s): {found}")

    def _refuse_both(self, keys: list[str]) -> None:
        raise CommandError(
            f"can not both modify and remove the following annotation(s) in the same command: {', '.join(keys)}"
        )

    def _operation(self, before: dict[str, str], after: dict[str, str]) -> str:
        return self.verb_past


VERB = Annotate
