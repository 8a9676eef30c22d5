"""Lessons on clusters that are not the practice cluster's provider: fakes of kind and minikube, and a foreign context.

The API behind them is a second practice cluster, which the providers know only by its kubeconfig: no clock, no
snapshots. What is not the tutor's stays untouched, and harm outside the lesson is asked for first.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from k8s_tutor.client import ApiError, Client
from k8s_tutor.errors import RefusedError
from k8s_tutor.providers import Provider, open_provider
from k8s_tutor.providers.kinds.practice import PracticeProvider
from k8s_tutor.session import Session
from tests.providers import fakes

EXERCISE = "pods/first-manifest"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a running cluster of another HOME."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("elsewhere")))
        patch.delenv("XDG_STATE_HOME", raising=False)
        cluster = PracticeProvider("elsewhere", nodes=1, start_latency=False)
        cluster.start()
        kubeconfig = cluster.kubeconfig()
    yield kubeconfig
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(kubeconfig.parents[5]))
        patch.delenv("XDG_STATE_HOME", raising=False)
        cluster.remove()


@pytest.fixture
def foreign(behind: Path) -> Iterator[Client]:
    """A client of the cluster's owner, with something of the owner's in ``default`` and in ``theirs``."""
    with Client.from_kubeconfig(behind) as client:
        for namespace in ("theirs", "default"):
            with contextlib.suppress(ApiError):  # it is there already
                client.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
            client.request(
                "PATCH",
                f"/api/v1/namespaces/{namespace}/configmaps/precious",
                body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "precious"}, "data": {"a": "b"}},
                content_type="application/apply-patch+yaml",
                query={"fieldManager": "owner", "force": "true"},
            )
        yield client
        for namespace in ("theirs", "default"):
            assert client.get(f"/api/v1/namespaces/{namespace}/configmaps/precious")["data"] == {"a": "b"}


@pytest.fixture(params=["kind", "minikube", "context"])
def provider(
    request: pytest.FixtureRequest, home: Path, tmp_path: Path, behind: Path, monkeypatch: pytest.MonkeyPatch
) -> Provider:
    """Each of the providers of real clusters, with the cluster behind."""
    fakes.install(tmp_path, behind, monkeypatch)
    name: str = request.param
    if name != "context":
        return open_provider(name)
    monkeypatch.setenv("KUBECONFIG", str(behind))
    return open_provider(name, context="k8s-tutor-elsewhere", confirmed=True)


def passed(session: Session) -> list[str]:
    return [check.id for check in session.check_now(timeout=30) if check.result.passed]


def test_an_exercise_from_start_to_reset(provider: Provider, foreign: Client) -> None:
    provider.start()
    with Session.open(provider=provider, language="en") as session:
        session.go("pods", "first-manifest")
        session.start()
        assert passed(session) == []
        for step in session.exercise.solutions[0].steps if session.exercise else ():
            line = f"kubectl apply -f {step.apply.name}" if step.apply is not None else step.run
            if step.apply is not None:
                (session.workdir / step.apply.name).write_bytes(step.apply.read_bytes())
            assert session.run_command(line).exit_code == 0
        assert len(passed(session)) == len(session.checks())
        session.reset()
        assert passed(session) == []
        assert not session.undo()


def test_default_is_played_by_a_namespace_of_ours(behind: Path, home: Path, foreign: Client) -> None:
    provider = open_provider("context", context="k8s-tutor-elsewhere", confirmed=True, source=str(behind))
    provider.start()
    with Session.open(provider=provider, language="en") as session:
        homework = session.course.exercises("homework")
        found = next((e for e in homework if e.namespace == "default"), None)
        session.start(found.full_id if found is not None else EXERCISE)
        session.run_command("kubectl create configmap mine")
        where = session.run_command("kubectl config view --minify -o jsonpath={..namespace}").output
        assert where == ("k8s-tutor" if found is not None else "pods")
        assert foreign.get(f"/api/v1/namespaces/{where}")["metadata"]["labels"]["k8s-tutor/owned"] == "true"


def test_a_namespace_of_somebody_else_is_not_taken(behind: Path, home: Path, foreign: Client) -> None:
    foreign.create("/api/v1/namespaces", {"metadata": {"name": "resources"}})
    provider = open_provider("context", context="k8s-tutor-elsewhere", confirmed=True, source=str(behind))
    provider.start()
    with Session.open(provider=provider, language="en") as session:
        lesson = session.course.lesson("resources")
        with pytest.raises(RefusedError, match="was not made by k8s-tutor"):
            session.start(f"resources/{lesson.exercises[0]}")
    foreign.delete("/api/v1/namespaces/resources")


def asking(asked: list[str], *, answer: bool) -> Callable[[str], bool]:
    """Note what is asked, and answer."""

    def confirm(what: str) -> bool:
        asked.append(what)
        return answer

    return confirm


HARM = (
    "kubectl delete configmap precious -n theirs",
    "kubectl delete configmaps --all -n default",
    'kubectl patch configmap precious -n theirs -p \'{"data":{"a":"c"}}\'',
    "kubectl delete namespace theirs",
    "kubectl cordon node1",
    "kubectl get configmap precious -n theirs -o yaml | sed s/b/c/ | kubectl replace -f -",
)


def test_harm_outside_the_lesson_is_asked_for_first(behind: Path, home: Path, foreign: Client) -> None:
    provider = open_provider("context", context="k8s-tutor-elsewhere", confirmed=True, source=str(behind))
    provider.start()
    with Session.open(provider=provider, language="en") as session:
        asked: list[str] = []
        session.ask_with(confirm=asking(asked, answer=False))
        session.start(EXERCISE)
        for line in HARM:
            result = session.run_command(line)
            assert result.exit_code == 6, (line, result.output)
            assert "Refused:" in result.output
        assert len(asked) == len(HARM)
        assert session.run_command("kubectl run web --image=nginx:1.27").exit_code == 0
        assert session.run_command("kubectl label pod web a=b").exit_code == 0
        assert session.run_command("kubectl delete pod web --wait=false").exit_code == 0
        assert session.run_command("kubectl delete cm precious -n theirs --dry-run=server").exit_code == 0
        assert session.run_command("kubectl get pods -A").exit_code == 0
        assert len(asked) == len(HARM)


def test_after_a_yes_it_is_done_and_asked_once_a_line(behind: Path, home: Path, foreign: Client) -> None:
    foreign.create("/api/v1/namespaces/theirs/configmaps", {"metadata": {"name": "one"}})
    foreign.create("/api/v1/namespaces/theirs/configmaps", {"metadata": {"name": "two"}})
    provider = open_provider("context", context="k8s-tutor-elsewhere", confirmed=True, source=str(behind))
    provider.start()
    with Session.open(provider=provider, language="en") as session:
        asked: list[str] = []
        session.ask_with(confirm=asking(asked, answer=True))
        session.start(EXERCISE)
        assert session.run_command("kubectl delete configmap one two -n theirs").exit_code == 0
        assert asked == ["DELETE /api/v1/namespaces/theirs/configmaps/one (context)"]


def test_the_command_line_refuses_without_a_terminal(
    behind: Path, home: Path, foreign: Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from k8s_tutor.__main__ import guarded

    monkeypatch.setenv("KUBECONFIG", str(behind))
    use = ["provider", "use", "context", "--context", "k8s-tutor-elsewhere"]
    assert guarded([*use, "--yes"]) == 0
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setattr("sys.stdin", io.StringIO())  # no terminal
    assert guarded(["kubectl", "get", "ns"]) == 0
    assert guarded(["kubectl", "delete", "cm", "precious", "-n", "theirs"]) == 6
    assert "Refused: DELETE /api/v1/namespaces/theirs/configmaps/precious" in capfd.readouterr().err
    assert guarded(["cluster", "reset"]) == 6
