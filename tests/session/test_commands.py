"""The learner's shell lines on a practice cluster: output, history, undo and reset by snapshot, a lost cluster."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.providers.kinds.practice import PracticeProvider
from k8s_tutor.session import ClusterBack, ClusterLost, CommandFinished, Event, ExercisePassed, Session
from k8s_tutor.session.commands import changes
from tests.packs import CHECKS, CHECKS_FILE, write_pack

QUICK = CHECKS.replace("    spec:", "    stable_for: 0s\n    spec:")


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    provider = PracticeProvider(nodes=1, bare=True, start_latency=False)
    provider.start()
    course = Course(write_pack(tmp_path / "pack", {CHECKS_FILE: QUICK}))
    try:
        with Session.open(course, provider=provider, language="en") as session:
            session.go("settings", "try")
            yield session
    finally:
        provider.stop()


def wait_for(heard: "queue.Queue[Event]", sort: type[Event]) -> Event:
    while True:
        event = heard.get(timeout=30)
        if isinstance(event, sort):
            return event


def test_a_line_passes_the_exercise_and_is_undone_and_reset(session: Session) -> None:
    heard: queue.Queue[Event] = queue.Queue()
    session.subscribe(heard.put)
    session.start()
    result = session.run_command("kubectl create configmap paint --from-literal=color=blue")
    assert (result.exit_code, result.output) == (0, "configmap/paint created\n")
    assert wait_for(heard, CommandFinished) == CommandFinished(result.line, 0)
    wait_for(heard, ExercisePassed)
    assert session.undo()
    assert "not found" in session.run_command("kubectl get configmap paint").output
    assert not session.undo()
    session.run_command("kubectl apply -f paint.yaml")
    session.reset()
    assert [str(state.state) for state in session.check_now()] == ["failed", "blocked"]
    assert session.run_command("kubectl get configmap paint -o name").exit_code == 1
    assert session.history()[0] == "kubectl create configmap paint --from-literal=color=blue"


def test_lines_run_in_the_working_folder_with_pipes_and_output_as_it_comes(session: Session) -> None:
    session.start()
    pieces: list[bytes] = []
    result = session.run_command("cat paint.yaml | grep color", write=pieces.append)
    assert result.output == ""
    assert b"color: blue" in b"".join(pieces)
    assert session.run_command("kubectl config view --minify -o jsonpath='{..namespace}'").output == "settings"
    assert session.run_command("kubectl gte pods").exit_code == 1


def test_lost_cluster_is_told_and_found_again(session: Session) -> None:
    heard: queue.Queue[Event] = queue.Queue()
    session.subscribe(heard.put)
    session.start()
    provider = session.provider
    assert provider is not None
    provider.stop()
    lost = wait_for(heard, ClusterLost)
    assert isinstance(lost, ClusterLost)
    assert "does not answer" in lost.what
    provider.start()
    wait_for(heard, ClusterBack)
    session.run_command("kubectl create configmap paint --from-literal=color=blue")
    wait_for(heard, ExercisePassed)


def test_shell_keeps_its_folder_and_variables_and_one_line_is_one_undo(session: Session) -> None:
    session.start()
    session.run_command("mkdir sub && cd sub && color=blue")
    line = "kubectl create configmap paint --from-literal=color=$color && kubectl label configmap paint a=b"
    assert session.run_command(line).exit_code == 0
    assert session.run_command("pwd").output.strip().endswith("/sub")
    assert session.run_command("kubectl get configmap paint -o jsonpath='{.data.color}'").output == "blue"
    assert session.undo()
    assert session.run_command("kubectl get configmap paint").exit_code == 1


@pytest.mark.parametrize(
    ("line", "changing"),
    [("get pods", False), ("-n a delete pod x", True), ("apply -f -", True), ("describe pod web", False)],
)
def test_which_calls_can_be_undone(line: str, changing: bool) -> None:
    assert changes(line.split()) is changing
