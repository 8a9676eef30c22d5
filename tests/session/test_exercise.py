"""An exercise on a cluster: start, check marks that turn by themselves, answers, reset, resuming, losing the cluster."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from k8s_tutor.course import Course
from k8s_tutor.errors import RefusedError, TutorError
from k8s_tutor.session import ChecksChanged, Event, ExercisePassed, ExerciseReset, ExerciseStarted, Session, Working
from tests.clusters import InProcess
from tests.conftest import ServerFactory
from tests.packs import CHECKS, CHECKS_FILE, EXERCISE_FILE, replace_in, write_pack

Answer = TypeVar("Answer")
Wanted = TypeVar("Wanted", bound=Event)
QUICK = CHECKS.replace("    spec:", "    stable_for: 0s\n    spec:")
MAPS = "/api/v1/namespaces/settings/configmaps"


class Desk:
    """A learner at work: a session in a thread beside the cluster, and what it told."""

    def __init__(self, provider: InProcess, root: Path) -> None:
        self.provider = provider
        self.root = root
        self.heard: queue.Queue[Event] = queue.Queue()
        self.session = self.opened()

    def opened(self) -> Session:
        session = Session.open(Course(self.root), provider=self.provider, language="en")
        session.subscribe(self.heard.put)
        session.go("settings", "try")
        return session

    async def thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.to_thread(work)

    def wait_for(self, sort: type[Wanted], good: Callable[[Wanted], bool] = lambda _: True) -> Wanted:
        """Return the next event of a sort that is as wanted."""
        while True:
            event = self.heard.get(timeout=20)
            if isinstance(event, sort) and good(event):
                return event

    def put(self, name: str, **data: str) -> None:
        """Act as the learner in another terminal."""
        client = self.session._connection.client()
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
        client.request(
            "PATCH",
            f"{MAPS}/{name}",
            body=body,
            query={"fieldManager": "t", "force": "true"},
            content_type="application/apply-patch+yaml",
        )


@pytest.fixture
async def desk(server: ServerFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    root = write_pack(tmp_path / "pack", {CHECKS_FILE: QUICK})
    made = Desk(InProcess(await server(0)), root)
    yield made
    await made.thread(made.session.close)


def marks(event: ChecksChanged) -> list[str]:
    return [str(state.state) for state in event.checks]


async def test_marks_turn_by_themselves_and_passing_is_kept(desk: Desk) -> None:
    session = desk.session

    def play() -> None:
        session.start()
        assert desk.wait_for(ExerciseStarted).exercise == "settings/color"
        desk.wait_for(ChecksChanged, lambda event: marks(event) == ["failed", "blocked"])
        desk.put("paint", color="red")
        changed = desk.wait_for(ChecksChanged, lambda event: marks(event) == ["passed", "failed"])
        assert str(changed.checks[1].result.differences[0]) == "data.color: expected blue, found red"
        assert changed.checks[1].result.learn == "settings#what"
        desk.put("paint", color="blue")
        passed = desk.wait_for(ExercisePassed)
        assert passed == ExercisePassed("settings/color", 3, 3, first_time=True)
        assert [str(state.state) for state in session.checks()] == ["passed", "passed"]
        assert session.lessons()[0].passed == 1

    await desk.thread(play)


async def test_start_makes_namespace_files_and_kubeconfig(desk: Desk) -> None:
    session = desk.session

    def play() -> None:
        session.start()
        client = session._connection.client()
        namespace = client.get("/api/v1/namespaces/settings")
        assert namespace["metadata"]["labels"]["k8s-tutor/owned"] == "true"
        assert client.namespace == "settings"
        assert (session.workdir / "paint.yaml").read_text().startswith("apiVersion: v1")
        assert session.kubeconfig.stat().st_mode & 0o777 == 0o600
        assert session.started == "settings/color"

    await desk.thread(play)


async def test_help_costs_points(desk: Desk) -> None:
    session = desk.session

    def play() -> None:
        session.start()
        desk.put("paint", color="red")
        desk.wait_for(ChecksChanged, lambda event: marks(event) == ["passed", "failed"])
        # The hint that is meant for the failing check comes first.
        assert session.hint() == (2, "kubectl create", 0.5)
        desk.put("paint", color="blue")
        assert desk.wait_for(ExercisePassed).points == 2.5
        session.reset()
        desk.wait_for(ExerciseReset)
        session.solutions()
        desk.put("paint", color="blue")
        assert desk.wait_for(ExercisePassed) == ExercisePassed("settings/color", 0, 3, first_time=False)
        assert session.store.passed("small")["settings/color"].points == 2.5

    await desk.thread(play)


async def test_reset_empties_what_the_learner_made_and_keeps_files_once(desk: Desk) -> None:
    session = desk.session

    def play() -> None:
        session.start()
        desk.put("paint", color="blue")
        desk.wait_for(ExercisePassed)
        (session.workdir / "mine.yaml").write_text("mine")
        session.reset()
        desk.wait_for(ChecksChanged, lambda event: marks(event) == ["failed", "blocked"])
        assert [path.name for path in session.workdir.iterdir()] == ["paint.yaml"]
        assert (session.workdir.parent / ".color.before/mine.yaml").read_text() == "mine"
        names = [item["metadata"]["name"] for item in session._connection.client().list(MAPS)]
        assert "paint" not in names

    await desk.thread(play)


async def test_a_line_typed_while_the_start_is_made_waits_for_it_or_is_given_up(desk: Desk) -> None:
    session = desk.session
    codes: list[int] = []

    def type_a_line() -> None:
        codes.append(session.run_command("kubectl get namespace settings").exit_code)

    def play() -> None:
        lines = [threading.Thread(target=type_a_line), threading.Thread(target=type_a_line)]

        def heard(event: Event) -> None:
            if isinstance(event, Working) and not event.done:
                for line in lines:
                    line.start()
                    line.join(0.2)
                    assert line.is_alive()
                    if line is lines[0]:
                        session.interrupt()
                        line.join(20)

        session.subscribe(heard)
        session.start()
        for line in lines:
            line.join(20)
        assert codes == [130, 0]

    await desk.thread(play)


async def test_next_day_what_stood_stands(desk: Desk) -> None:
    def play() -> None:
        desk.session.start()
        desk.put("paint", color="red")
        desk.session.close()
        desk.session = desk.opened()
        desk.session.start()
        desk.wait_for(ChecksChanged, lambda event: marks(event) == ["passed", "failed"])
        assert (desk.session.workdir / "paint.yaml").is_file()

    await desk.thread(play)


async def test_check_now_waits_out_what_has_to_hold(desk: Desk) -> None:
    replace_in(desk.root, CHECKS_FILE, "stable_for: 0s", "stable_for: 2s")
    desk.provider.server.cluster.clock.set_rate(20)

    def play() -> None:
        desk.session.close()
        desk.session = desk.opened()
        desk.session.start()
        desk.put("paint", color="blue")
        assert [str(state.state) for state in desk.session.check_now()] == ["passed", "passed"]

    await desk.thread(play)


async def test_answers(desk: Desk) -> None:
    question = """\
  - id: who
    kind: answer
    title: {en: Who, ru: Кто}
    message: {en: No., ru: Нет.}
    learn: try
    spec: {question: {en: Who?, ru: Кто?}, type: text, accept: [me]}
"""
    (desk.root / CHECKS_FILE).write_text(QUICK + question, encoding="utf-8")

    def play() -> None:
        desk.session.close()
        desk.session = desk.opened()
        desk.session.start()
        assert not desk.session.submit("who", "you").passed
        assert desk.session.submit("who", "Me").passed
        with pytest.raises(TutorError, match="no check 'x'"):
            desk.session.submit("x", "y")
        desk.session.close()
        desk.session = desk.opened()
        desk.session.start()
        desk.wait_for(ChecksChanged, lambda event: marks(event)[2] == "passed")

    await desk.thread(play)


async def test_foreign_namespace_is_not_touched(desk: Desk) -> None:
    session = desk.session

    def play() -> None:
        session.start()
        client = session._connection.client()
        client.create("/api/v1/namespaces", {"metadata": {"name": "precious"}})
        client.create("/api/v1/namespaces/precious/configmaps", {"metadata": {"name": "mine"}})
        replace_in(desk.root, EXERCISE_FILE, "start:", "namespace: precious\nstart:")
        session.close()
        desk.session = desk.opened()
        for _ in range(2):
            with pytest.raises(RefusedError, match="was not made by k8s-tutor"):
                desk.session.start()
            assert desk.session.started == ""
        assert client.get("/api/v1/namespaces/precious/configmaps/mine")

    await desk.thread(play)


async def test_missing_capability_is_said_before_anything_happens(desk: Desk) -> None:
    replace_in(desk.root, EXERCISE_FILE, "start:", "needs: [etcd-members]\nstart:")

    def play() -> None:
        desk.session.close()
        desk.session = desk.opened()
        with pytest.raises(TutorError) as caught:
            desk.session.start()
        assert "etcd-members" in caught.value.why

    await desk.thread(play)


async def test_long_work_is_announced_in_the_learners_language(desk: Desk) -> None:
    session = desk.session

    def play() -> None:
        session.set_language("ru")
        session.start()
        assert desk.wait_for(Working) == Working("Готовлю упражнение…")
        assert desk.wait_for(Working).done

    await desk.thread(play)


async def test_stale_copy_of_the_kubeconfig_is_made_anew(desk: Desk) -> None:
    def play() -> None:
        desk.session.start()
        kubeconfig = desk.session.kubeconfig
        desk.session.close()
        kubeconfig.write_text(kubeconfig.read_text().replace("https://127.0.0.1:", "https://127.0.0.1:1"))
        desk.session = desk.opened()
        assert f"server: {desk.provider.server.url}\n" in desk.session.kubeconfig.read_text()
        assert "namespace: settings" in desk.session.kubeconfig.read_text()
        kubeconfig.write_text("{broken")
        desk.session.close()
        desk.session = desk.opened()
        assert desk.session._connection.client().namespace == "default"

    await desk.thread(play)
