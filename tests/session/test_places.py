"""Place, language and progress without a cluster: opening a session touches none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.errors import ClusterUnavailableError, UsageError
from k8s_tutor.session import Event, HintTaken, LanguageChanged, PlaceChanged, Session
from tests.packs import LESSON, TEXT, replace_in, write_pack


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    more = {
        "lessons/02-more/lesson.yaml": LESSON.replace("id: settings", "id: more").replace("[color]", "[]"),
        "lessons/02-more/text.en.md": TEXT.replace(" exercise=color", ""),
        "lessons/02-more/text.ru.md": TEXT.replace(" exercise=color", ""),
    }
    root = write_pack(tmp_path / "pack", more)
    replace_in(root, "course.yaml", "[01-settings]", "[01-settings, 02-more]")
    return Course(root)


@pytest.fixture
def session(course: Course) -> Iterator[Session]:
    with Session.open(course) as session:
        yield session


def test_begins_at_the_beginning_and_walks_over_lesson_ends(session: Session) -> None:
    walked = [session.place.screen]
    while True:
        before = session.place
        after = session.next()
        if after == before:
            break
        walked.append(f"{after.lesson}#{after.screen}")
    assert walked == ["what", "settings#what-2", "settings#try", "more#what", "more#what-2", "more#try"]
    session.go("more")
    assert session.previous().screen == "try"
    assert session.screen.exercise == "color"
    for _ in range(10):
        session.previous()
    assert session.place.index == 0


def test_resumes_where_the_learner_stopped(course: Course) -> None:
    with Session.open(course) as session:
        session.go("more", "what-2")
    with Session.open(course) as session:
        assert (session.place.lesson, session.place.screen) == ("more", "what-2")


def test_place_that_is_no_more_falls_back(course: Course) -> None:
    with Session.open(course) as session:
        session.store.set_place("small", "more", "gone")
    with Session.open(course) as session:
        assert (session.place.lesson, session.place.index) == ("more", 0)
        session.store.set_place("small", "gone", "gone")
    with Session.open(course) as session:
        assert (session.place.lesson, session.place.index) == ("settings", 0)


def test_unknown_places_are_refused(session: Session) -> None:
    with pytest.raises(UsageError, match="no lesson 'podds'"):
        session.go("podds")
    with pytest.raises(UsageError, match="no screen 'x'"):
        session.go("settings", "x")
    assert session.go("settings", "settings/color").exercise == "color"
    assert session.go("1", 99).index == 2


def test_language_from_the_locale_then_as_it_was_set(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    with Session.open(course) as session:
        assert session.language == "ru"
        heard: list[Event] = []
        session.subscribe(heard.append)
        session.set_language("en")
        assert heard == [LanguageChanged("en")]
        with pytest.raises(UsageError, match="no language 'fr'"):
            session.set_language("fr")
    with Session.open(course) as session:
        assert session.language == "en"
    with Session.open(course, language="ru") as session:
        assert session.language == "ru"


def test_unknown_locale_gives_the_first_language(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")
    with Session.open(course) as session:
        assert session.language == "en"


def test_events_until_the_subscription_ends(session: Session) -> None:
    heard: list[Event] = []
    end = session.subscribe(heard.append)
    session.next()
    end()
    end()
    session.next()
    assert heard == [PlaceChanged("settings", "what-2")]


def test_checks_are_listed_before_anything_is_started(session: Session) -> None:
    assert session.checks() == ()
    session.go("settings", "try")
    assert [(state.id, str(state.state)) for state in session.checks()] == [("exists", "pending"), ("blue", "pending")]
    assert session.started == ""


def test_hints_come_in_order_and_cost(session: Session) -> None:
    session.go("settings", "try")
    heard: list[Event] = []
    session.subscribe(heard.append)
    assert session.hint() == (1, "Which kind?", 0)
    assert session.hint() == (2, "kubectl create", 0.5)
    assert session.hints_taken() == 2
    assert session.hint() == (3, "kubectl create configmap", 1)
    assert session.hint() is None
    assert heard[1] == HintTaken("settings/color", 2, 0.5)


def test_solution_as_markdown_in_the_learners_language(session: Session) -> None:
    session.go("settings", "try")
    session.set_language("ru")
    command, manifest = session.solutions()
    assert session.solution_text(command) == (
        "Одна строка.\n\n```console\n$ kubectl create configmap paint --from-literal=color=blue\n```"
    )
    assert "color: blue" in session.solution_text(manifest)
    assert "$ kubectl apply -f paint.yaml" in session.solution_text(manifest)
    assert session.store.solution_shown("small", "settings/color")


def test_overview(session: Session) -> None:
    session.store.record_passed("small", "settings/color", 2.5, 3)
    first, second = session.lessons()
    assert (first.info.id, first.passed, first.total, first.points, first.current) == ("settings", 1, 1, 2.5, True)
    assert (second.passed, second.total, second.current) == (0, 0, False)


def test_without_a_cluster_the_error_says_what_to_do(session: Session) -> None:
    session.go("settings", "try")
    with pytest.raises(ClusterUnavailableError) as caught:
        session.start()
    assert "k8s-tutor cluster start" in caught.value.next_step
    session.go("settings", "what")
    with pytest.raises(UsageError, match="no exercise on this screen"):
        session.start()
