"""``kubectl kustomize``: builds a kustomization and prints it."""

from k8s_tutor.apimachinery.goyaml import to_yaml
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.kustomize import build


class Kustomize(Verb):
    """Prints what a kustomization makes."""

    name = "kustomize"
    usage = "kustomize DIR [options]"
    short = "Build a kustomization target from a directory"
    group = "Advanced Commands"

    def validate(self, call: Call) -> None:
        if len(call.arguments) > 1:
            raise CommandError("specify one path to a kustomization directory")

    def run(self, call: Call) -> int:
        name = call.arguments[0] if call.arguments else "."
        texts = [to_yaml(document.object) for document in build(call.cwd / name, name)]
        call.write("---\n".join(texts))
        return 0


VERB = Kustomize
