"""An exercise's place on a cluster: its namespaces, the learner's working folder, and the steps that are done there.

Steps are done as a learner would do them: lines of the shell, ``kubectl apply`` of a manifest. Only namespaces that
the tutor made (label ``k8s-tutor/owned=true``) are ever emptied; ``default`` only on a cluster that is all ours, on
others its part is played by ``k8s-tutor``.
"""

import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from k8s_tutor.client import ApiError, APIResource, Client
from k8s_tutor.course.model import Exercise, Step
from k8s_tutor.errors import RefusedError, TutorError
from k8s_tutor.paths import private_folder

OWNED: Final = "k8s-tutor/owned"
EXERCISE: Final = "k8s-tutor/exercise"
STAND_IN: Final = "k8s-tutor"
# What the cluster itself puts into every namespace, or takes away when its owner is gone.
_KEPT: Final[Mapping[str, str]] = {
    "serviceaccounts": "metadata.name!=default",
    "configmaps": "metadata.name!=kube-root-ca.crt",
    "services": "metadata.name!=kubernetes",
}
_LEFT: Final = frozenset({"endpoints", "endpointslices", "leases"})
_FIRST: Final = (
    "deployments",
    "statefulsets",
    "daemonsets",
    "cronjobs",
    "jobs",
    "replicasets",
    "replicationcontrollers",
)
_NOW: Final = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "propagationPolicy": "Background"}


class Shell(Protocol):
    """Runs a shell line in a working folder; returns exit code and output. The namespace is its kubeconfig's."""

    def __call__(self, line: str, workdir: Path) -> tuple[int, str]: ...


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was done, and what it printed."""

    step: Step
    exit_code: int
    output: str

    @property
    def expected(self) -> bool:
        """Whether it ended as the author said."""
        return (self.exit_code != 0) is self.step.fails


class Stage:
    """One exercise on one cluster.

    Args:
        client: the cluster.
        exercise: what is to be played.
        workdir: the learner's working folder for it; it is the stage's own.
        shell: runs lines.
        wait: lets cluster seconds pass.
        owns_cluster: the whole cluster is ours (the provider made it).
    """

    def __init__(
        self,
        client: Client,
        exercise: Exercise,
        workdir: Path,
        *,
        shell: Shell,
        wait: Callable[[float], None],
        owns_cluster: bool,
    ) -> None:
        self.client = client
        self.exercise = exercise
        self.workdir = workdir
        self._shell = shell
        self._wait = wait
        self._owns_cluster = owns_cluster
        self.answers: dict[str, Any] = {}

    @property
    def namespace(self) -> str:
        """The namespace the exercise happens in."""
        return placed(self.exercise.namespace, owns_cluster=self._owns_cluster)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """It, and further ones that belong to the exercise."""
        own = self._owns_cluster
        return (self.namespace, *(placed(name, owns_cluster=own) for name in self.exercise.namespaces))

    def stands(self) -> bool:
        """Tell whether this exercise's start state was made here before (and other exercises' was not, since)."""
        try:
            found = self.client.get(f"/api/v1/namespaces/{self.namespace}")
        except ApiError:
            return False
        annotations = found["metadata"].get("annotations") or {}
        return bool(annotations.get(EXERCISE) == self.exercise.full_id)

    def start(self) -> None:
        """Make the start state.

        Raises:
            RefusedError: a namespace of this name is not ours.
            TutorError: a step of the start went wrong.
        """
        self.clear()
        for done in self.do(self.exercise.start):
            if not done.expected:
                raise TutorError(
                    f"The start of {self.exercise.full_id} cannot be made: {done.step} ended with {done.exit_code}.",
                    f"Why: {done.output.strip()[-400:] or 'it printed nothing'}.",
                    f"Next: k8s-tutor reset {self.exercise.full_id}; if it stays so, tell the pack's author ({done.step.source}).",
                )

    def clear(self) -> None:
        """Empty the exercise's namespaces and working folder, and take other exercises' namespaces away."""
        mine = set(self.namespaces)
        for name in self._owned() - mine:
            self._empty(name)
            _ignoring_absence(self.client.delete, f"/api/v1/namespaces/{name}")
        for name in self.namespaces:
            self._make(name)
        self._await_no_pods(mine)
        self._new_workdir()
        self.answers.clear()

    def restore_files(self) -> None:
        """The working folder as the start made it; the cluster was restored by a snapshot."""
        self._new_workdir()
        self.answers.clear()
        self.do(step for step in self.exercise.start if step.file is not None or step.answer)

    def do(self, steps: Iterable[Step]) -> list[Done]:
        """Do steps in order; stops after one that did not end as expected."""
        done: list[Done] = []
        for step in steps:
            done.append(Done(step, *self._one(step)))
            if not done[-1].expected:
                break
        return done

    # -- inside

    def _one(self, step: Step) -> tuple[int, str]:
        if step.run:
            return self._shell(step.run, self.workdir)
        if step.apply is not None:
            return self._shell(f"kubectl apply -f {shlex.quote(str(step.apply))}", self.workdir)
        if step.file is not None:
            target = self.workdir / step.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if step.file.is_dir():
                shutil.copytree(step.file, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(step.file, target)
        elif step.wait is not None:
            self._wait(step.wait)
        else:
            self.answers[step.answer] = step.value
        return 0, ""

    def _owned(self) -> set[str]:
        found = self.client.list("/api/v1/namespaces", labelSelector=f"{OWNED}=true")
        return {item["metadata"]["name"] for item in found if not item["metadata"].get("deletionTimestamp")}

    def _make(self, name: str) -> None:
        path = f"/api/v1/namespaces/{name}"
        metadata = {
            "name": name,
            "labels": {OWNED: "true"},
            "annotations": {EXERCISE: self.exercise.full_id if name == self.namespace else ""},
        }
        for _ in range(60):
            try:
                found = self.client.get(path)
            except ApiError as error:
                if error.status != 404:
                    raise
                self.client.create(
                    "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
                )
                return
            if not found["metadata"].get("deletionTimestamp"):
                break
            # An earlier exercise's namespace of this name is on its way out.
            self._wait(1.0)
        ours = (found["metadata"].get("labels") or {}).get(OWNED) == "true"
        if not ours and not (name == "default" and self._owns_cluster):
            raise RefusedError(
                f"The namespace {name} is there already and was not made by k8s-tutor.",
                "Why: the exercise would empty it.",
                f"Next: use another cluster, or give it over: kubectl label namespace {name} {OWNED}=true",
            )
        self._empty(name)
        change: dict[str, Any] = {"annotations": metadata["annotations"]}
        self.client.patch(path, {"metadata": change})

    def _empty(self, name: str) -> None:
        """Delete everything in a namespace, owners before what they would make again."""
        resources = [found for found in self.client.discovery.preferred() if _deletable(found)]
        rank = {plural: number for number, plural in enumerate(_FIRST)}
        resources.sort(key=lambda found: (rank.get(found.plural, len(_FIRST)), found.plural == "events"))
        for resource in resources:
            query = {"fieldSelector": _KEPT[resource.plural]} if resource.plural in _KEPT else {}
            _ignoring_absence(self.client.delete, resource.path(name), _NOW, **query)

    def _await_no_pods(self, namespaces: set[str]) -> None:
        """Pods that were told to go may need a moment; new ones must not be confused with them."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            left = [pod for name in namespaces for pod in self.client.list(f"/api/v1/namespaces/{name}/pods")]
            if not left:
                return
            self._wait(0.2)

    def _new_workdir(self) -> None:
        if self.workdir.is_dir() and any(self.workdir.iterdir()):
            # What the learner wrote is kept once, beside.
            old = self.workdir.parent / f".{self.workdir.name}.before"
            shutil.rmtree(old, ignore_errors=True)
            self.workdir.rename(old)
        private_folder(self.workdir)


def placed(namespace: str, *, owns_cluster: bool) -> str:
    """Return the namespace that plays a namespace's part on this cluster."""
    return STAND_IN if namespace == "default" and not owns_cluster else namespace


def _deletable(resource: APIResource) -> bool:
    return resource.namespaced and "deletecollection" in resource.verbs and resource.plural not in _LEFT


def _ignoring_absence(call: Callable[..., Any], *arguments: Any, **query: Any) -> None:
    try:
        call(*arguments, **query)
    except ApiError as error:
        if error.status not in {404, 405}:
            raise
