"""``kubectl create``: from manifests, or by the generator of a kind (kubectl, ``cmd/create``)."""

import importlib
from pathlib import Path

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl import generators
from k8s_tutor.kubectl.actions import create_object, send_raw, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all, with_source
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import with_last_applied
from k8s_tutor.kubectl.infos import load
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT, RECORD, SAVE_CONFIG, SELECTOR, VALIDATE, field_manager
from k8s_tutor.kubectl.recording import recorded

_SHARED = {"__init__", "base", "sources"}


class Create(Verb):
    """Creates objects."""

    name = "create"
    usage = "create -f FILENAME [options]"
    short = "Create a resource from a file or from stdin"
    group = "Basic Commands (Beginner)"
    examples = """
# from a manifest, or from what another command prints
kubectl create -f pod.yaml
cat pod.yaml | kubectl create -f -

# without a manifest
kubectl create deployment web --image=nginx:1.27 --replicas=3
kubectl create configmap game --from-literal=lives=3
"""
    has_inner = True
    flags = (
        *FILENAME,
        SELECTOR,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-create"),
        RECORD,
        VALIDATE,
        SAVE_CONFIG,
        Flag("edit", "bool", help="edit the object before it is created"),
        Flag("raw", help="a path to POST the file to"),
        Flag("windows-line-endings", "bool", help="taken and ignored"),
    )

    @classmethod
    def inner(cls) -> tuple[type[Verb], ...]:
        folder = Path(generators.__file__).parent
        stems = sorted(path.stem for path in folder.glob("*.py") if path.stem not in _SHARED)
        return tuple(_generator(stem) for stem in stems)

    @classmethod
    def find_inner(cls, word: str) -> type[Verb] | None:
        file = Path(generators.__file__).parent / f"{word}.py"
        if word.isalpha() and word not in _SHARED and file.exists():
            return _generator(word)
        return super().find_inner(word)

    def validate(self, call: Call) -> None:
        if not call.flag("filename") and not call.flag("kustomize") and not call.arguments:
            raise CommandError("must specify one of -f and -k")
        if call.arguments:
            raise call.usage(f"Unexpected args: [{' '.join(call.arguments)}]")
        if call.flag("raw") and len(call.flag("filename")) != 1:
            raise CommandError("--raw can only use a single local file or stdin")

    def run(self, call: Call) -> int:
        if call.flag("raw"):
            return send_raw(call, "POST")
        errors: list[Exception] = []
        infos = load(call, errors)
        for info in infos:
            body = recorded(call, with_last_applied(info.object) if call.flag("save-config") else info.object)
            try:
                made = create_object(call, info.resource, info.namespace, body)
            except ApiError as error:
                errors.append(with_source(error, "creating", info.source))
                continue
            tell(call, info.resource, made, "created")
        if not infos and not errors:
            raise CommandError("no objects passed to create")
        raise_all(errors)
        return 0


def _generator(stem: str) -> type[Verb]:
    found: type[Verb] = importlib.import_module(f"k8s_tutor.kubectl.generators.{stem}").GENERATOR
    return found


VERB = Create
