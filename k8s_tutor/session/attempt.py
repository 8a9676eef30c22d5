"""One exercise going on: its stage on the cluster, its live checks, what was earned."""

from collections.abc import Callable
from pathlib import Path

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.checks.stage import Shell, Stage
from k8s_tutor.client import Client
from k8s_tutor.course import Exercise, ProgressStore
from k8s_tutor.errors import TutorError
from k8s_tutor.providers.contract import Capability, Provider
from k8s_tutor.session.events import ChecksChanged, CheckState, ClusterBack, ClusterLost, Event, ExercisePassed
from k8s_tutor.session.live import LiveChecks, Results

MISSED = "the tutor was closed meanwhile; reset the exercise to be watched from its beginning"


class Attempt:
    """An exercise from its start to its last check.

    Args:
        course: the course's id, for the store.
        exercise: which.
        client: the cluster.
        provider: for snapshots; None if there is only a kubeconfig.
        store: keeps what passed.
        workdir: the learner's working folder for it.
        owns_cluster: the whole cluster is ours.
        shell: runs the start's lines.
        wait: lets cluster time pass.
        emit: tells the session's subscribers.
    """

    def __init__(
        self,
        course: str,
        exercise: Exercise,
        client: Client,
        provider: Provider | None,
        store: ProgressStore,
        workdir: Path,
        *,
        owns_cluster: bool,
        shell: Shell,
        wait: Callable[[float], None],
        emit: Callable[[Event], None],
    ) -> None:
        self.exercise = exercise
        self._course = course
        self._client = client
        self._provider = provider
        self._store = store
        self._emit = emit
        self.stage = Stage(client, exercise, workdir, shell=shell, wait=wait, owns_cluster=owns_cluster)
        self._live: LiveChecks | None = None
        self._passed = False

    @property
    def is_live(self) -> bool:
        """Whether its checks are being judged."""
        return self._live is not None

    @property
    def results(self) -> Results:
        """The last verdicts."""
        return dict(self._live.results) if self._live is not None else {}

    def resume_or_start(self) -> bool:
        """Attach to a start state that stands already, else make it; True if it was made.

        Raises:
            TutorError: it cannot be made.
        """
        running = self._store.running(self._course)
        known = running is not None and running.exercise == self.exercise.full_id
        if known and running is not None and running.cluster == self._client.server and self.stage.stands():
            self._watch(missed=MISSED)
            return False
        self.begin()
        return True

    def begin(self) -> None:
        """Make the start state anew.

        Raises:
            TutorError: a step went wrong.
        """
        self.end()
        self.stage.start()
        snapshot = ""
        if self._provider is not None and Capability.SNAPSHOT in self._provider.capabilities:
            snapshot = self._provider.snapshot()
        self._store.set_running(self._course, self.exercise.full_id, self._client.server, snapshot)
        self._watch()

    def reset(self) -> None:
        """The start state again: by its snapshot where there is one, else made anew.

        Raises:
            TutorError: it cannot be made.
        """
        running = self._store.running(self._course)
        if (
            self._provider is None
            or running is None
            or running.exercise != self.exercise.full_id
            or not running.snapshot
            or not self.stage.stands()
        ):
            self.begin()
            return
        self.end()
        try:
            self._provider.restore(running.snapshot)
        except TutorError:
            # The snapshot went with an older cluster process.
            self.begin()
            return
        self.stage.restore_files()
        self._store.set_running(self._course, self.exercise.full_id, self._client.server, running.snapshot)
        self._watch()

    def end(self) -> None:
        """Stop watching."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def poke(self) -> None:
        """Look again soon."""
        if self._live is not None:
            self._live.poke()

    def judge(self) -> Results:
        """Judge all checks now.

        Raises:
            ClusterUnavailableError: no cluster answers.
        """
        return self._live.judge() if self._live is not None else {}

    def answer(self, check: str, value: object) -> CheckResult:
        """Keep an answer and judge it."""
        self._store.record_answer(self._course, self.exercise.full_id, check, value)
        if self._live is None:
            return CheckResult(State.PENDING)
        answers = self._live.run.context.answers
        self._live.run.context.answers = {**answers, check: value}
        return self._live.judge()[check]

    def states(self) -> tuple[CheckState, ...]:
        """All checks with their last verdicts."""
        return states_of(self.exercise, self.results)

    def earned(self) -> float:
        """Points for the exercise: all, less the hints' cost; nothing once the solution was shown."""
        if self._store.solution_shown(self._course, self.exercise.full_id):
            return 0.0
        cost = sum(self._store.hints(self._course, self.exercise.full_id).values())
        return max(0.0, self.exercise.points - cost)

    # -- inside

    def _watch(self, missed: str = "") -> None:
        self._passed = False
        name = self.exercise.full_id
        context = CheckContext.live(
            self._client,
            self.stage.namespace,
            workdir=self.stage.workdir,
            answers={**self.stage.answers, **self._store.answers(self._course, name)},
        )
        self._live = LiveChecks(
            self._client,
            self.exercise,
            context,
            passed=self._store.passed_checks(self._course, name),
            on_results=self._judged,
            on_cluster=self._cluster,
        )
        self._live.start(missed=missed)

    def _judged(self, results: Results) -> None:
        name = self.exercise.full_id
        self._store.record_checks(self._course, name, [check for check, found in results.items() if found.passed])
        self._emit(ChecksChanged(name, states_of(self.exercise, results)))
        done = bool(results) and all(result.passed for result in results.values())
        if done and not self._passed:
            points = self.earned()
            first = self._store.record_passed(self._course, name, points, self.exercise.points)
            self._emit(ExercisePassed(name, points, self.exercise.points, first))
        self._passed = self._passed or done

    def _cluster(self, error: TutorError | None) -> None:
        if error is None:
            self._emit(ClusterBack())
        else:
            self._emit(ClusterLost(error.what, error.why, error.next_step))


def states_of(exercise: Exercise, results: Results) -> tuple[CheckState, ...]:
    """Pair checks with verdicts; those not judged yet are pending."""
    unknown = CheckResult(State.PENDING)
    return tuple(CheckState(check, results.get(check.id, unknown)) for check in exercise.checks)
