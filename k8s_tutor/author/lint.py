"""Reads a pack as a critical reader: what the schemas cannot see.

Everything is loaded with validation; then translations, anchors, ids, screens and the parts that every exercise must
have are looked at. One broken file hides only what is in it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from k8s_tutor.author.report import Report, Severity
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, build, kinds
from k8s_tutor.checks.objects import ManifestObjects
from k8s_tutor.checks.runner import CheckRun
from k8s_tutor.course import Course, Exercise, LessonInfo, Screen, Step, Text, validation
from k8s_tutor.course.markdown import HEIGHT, WIDTH, height
from k8s_tutor.errors import PackError, UsageError

HINTS, SOLUTIONS, MISTAKES = 3, 2, 2


def lint(course: Course, report: Report, only: str = "") -> list[Exercise]:
    """Look at a pack (or one exercise of it, ``only``); returns the exercises that can be played."""
    found: list[Exercise] = []
    lessons = [*_lessons(course, report)]
    _unique(report, "course.yaml", "lesson id", [info.id for info in lessons])
    _texts(report, course, "course.yaml", [("title", course.title), ("summary", course.summary)])
    for info in lessons:
        if only and not only.startswith(f"{info.id}/") and only not in {info.id, info.folder}:
            continue
        screens = _prose(course, info, report)
        _texts(report, course, info.source, [("title", info.title), ("summary", info.summary)])
        for name in info.exercises:
            if only and "/" in only and only != f"{info.id}/{name}":
                continue
            try:
                exercise = course.exercise(f"{info.id}/{name}")
            except PackError as error:
                _error(report, error)
                continue
            if _exercise(course, info, exercise, screens, report):
                found.append(exercise)
        _covers(info, screens, report)
    return found


def _lessons(course: Course, report: Report) -> Iterator[LessonInfo]:
    for folder in course.folders:
        try:
            yield course.lesson(folder)
        except PackError as error:
            _error(report, error)


def _error(report: Report, error: PackError) -> None:
    where, _, text = error.what.partition(": ")
    report.add(where, text or error.why)


def _unique(report: Report, where: object, what: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            report.add(str(where), f"the {what} {name} stands {times} times")


def _texts(report: Report, course: Course, where: object, texts: Iterable[tuple[str, Text]]) -> None:
    """Every text that is there must be there in every language of the course."""
    for field, text in texts:
        if not text:
            continue
        # A plain string stands for the first language.
        by_language = {course.languages[0] if name == "" else name: value for name, value in text.by_language.items()}
        missing = [name for name in course.languages if not by_language.get(name, "").strip()]
        if missing:
            report.add(str(where), f"{field}: not translated: {', '.join(missing)}")


def _prose(course: Course, info: LessonInfo, report: Report) -> tuple[Screen, ...]:
    """Look at a lesson's text in all languages; returns the first language's screens."""
    first: tuple[Screen, ...] = ()
    for number, language in enumerate(course.languages):
        file = course.text_file(info, language).relative_to(course.root)
        if not course.text_file(info, language).is_file():
            report.add(str(file), f"the lesson {info.id} has no text in {language}")
            continue
        try:
            screens = course.screens(info.id, language)
        except PackError as error:
            _error(report, error)
            continue
        _unique(report, file, "anchor", [screen.anchor for screen in screens])
        for screen in screens:
            rows = height(screen.markdown)
            if rows > HEIGHT:
                text = (
                    f"the screen {screen.anchor} takes about {rows} rows of {WIDTH} columns; {HEIGHT} are shown at once"
                )
                report.add(f"{file}:{screen.line}", text, Severity.WARNING)
        if number == 0:
            first = screens
            continue
        ours = [(screen.anchor, screen.exercise) for screen in screens]
        theirs = [(screen.anchor, screen.exercise) for screen in first]
        if first and ours != theirs:
            odd = next((f"{a[0]} / {b[0]}" for a, b in zip(ours, theirs, strict=False) if a != b), "their number")
            report.add(str(file), f"screens differ from those in {course.languages[0]}: {odd}")
    return first


def _covers(info: LessonInfo, screens: tuple[Screen, ...], report: Report) -> None:
    anchors = {screen.anchor for screen in screens}
    for cover in info.covers:
        if cover.screen and cover.screen not in anchors:
            report.add(
                info.source, f"covers: the slide {cover.slide} names the screen {cover.screen}, which is not there"
            )
        if cover.exercise and cover.exercise not in info.exercises:
            report.add(
                info.source, f"covers: the slide {cover.slide} names the exercise {cover.exercise}, which is not there"
            )


def _exercise(
    course: Course, info: LessonInfo, exercise: Exercise, screens: tuple[Screen, ...], report: Report
) -> bool:
    """Look at one exercise; True if it can be played."""
    before = len(report.problems)
    where = exercise.source
    if not info.homework and exercise.id not in {screen.exercise for screen in screens}:
        report.add(where, f"no screen of the lesson has the exercise: ## … {{#anchor exercise={exercise.id}}}")
    if len(exercise.hints) != HINTS and not (info.homework and not exercise.hints):
        report.add(where, f"hints: {HINTS} are expected, there are {len(exercise.hints)}")
    for field, ways, least in (("solutions", exercise.solutions, SOLUTIONS), ("mistakes", exercise.mistakes, MISTAKES)):
        if len(ways) < least:
            report.add(where, f"{field}: at least {least} are expected, there are {len(ways)}")
        _unique(report, where, f"name in {field}", [way.name for way in ways])
        distinct = {
            tuple((step.run, step.apply, step.file, step.answer, str(step.value)) for step in way.steps) for way in ways
        }
        if len(distinct) < len(ways):
            report.add(where, f"{field}: two of them do the same")
    if sum(hint.cost for hint in exercise.hints) > exercise.points:
        report.add(where, f"hints cost more than the exercise gives ({exercise.points:g} points)", Severity.WARNING)
    _texts(report, course, where, _exercise_texts(exercise))
    _references(exercise, report)
    if not exercise.checks:
        report.add(f"checks/{info.folder}.yaml", f"there are no checks for {exercise.id}")
    made = [_check(course, exercise, number, report) for number in range(len(exercise.checks))]
    if all(kind is not None for kind in made) and made:
        try:
            CheckRun(exercise.checks, CheckContext(None, exercise.namespace, ManifestObjects(())), lesson=info.id)
        except PackError as error:
            _error(report, error)
    return not any(problem.severity is Severity.ERROR for problem in report.problems[before:]) and bool(exercise.checks)


def _exercise_texts(exercise: Exercise) -> Iterator[tuple[str, Text]]:
    for name in ("title", "goal", "task", "learn"):
        yield name, getattr(exercise, name)
    for number, hint in enumerate(exercise.hints, 1):
        yield f"hint {number}", hint.text
    for way in (*exercise.solutions, *exercise.mistakes):
        yield f"{way.name}: text", way.text
    for question in exercise.quiz:
        yield f"quiz {question.id}", question.question
        for choice in question.choices:
            yield f"quiz {question.id}: choice", choice.text
            yield f"quiz {question.id}: why", choice.why


def _references(exercise: Exercise, report: Report) -> None:
    """Names of checks in mistakes, hints and answers must be checks."""
    known = {check.id for check in exercise.checks}
    answers = {check.id for check in exercise.checks if check.kind == "answer"}
    _unique(report, exercise.source, "check id", [check.id for check in exercise.checks])
    for way in exercise.mistakes:
        for name in way.fails:
            if name not in known:
                report.add(way.source, f"fails: there is no check {name}")
    for hint in exercise.hints:
        if hint.check and hint.check not in known:
            report.add(exercise.source, f"hints: there is no check {hint.check}")
    for step in _steps(exercise):
        if step.answer and step.answer not in answers:
            report.add(step.source, f"answer: there is no answer check {step.answer}")
    for question in exercise.quiz:
        if not any(choice.correct for choice in question.choices):
            report.add(exercise.source, f"quiz: the question {question.id} has no correct choice")


def _steps(exercise: Exercise) -> Iterator[Step]:
    yield from exercise.start
    for way in (*exercise.solutions, *exercise.mistakes):
        yield from way.steps


def _check(course: Course, exercise: Exercise, number: int, report: Report) -> CheckKind | None:
    check = exercise.checks[number]
    kind_class = kinds().get(check.kind)
    if kind_class is not None:
        problems = list(validation.problems(dict(check.spec), kind_class.schema))
        for path, text in problems:
            report.add(course.check_mark(exercise, check.id, path), text)
        if problems:
            return None
    try:
        kind = build(check)
    except PackError as error:
        _error(report, error)
        return None
    for path, text in kind.mistakes():
        report.add(course.check_mark(exercise, check.id, path), text)
    texts = [("title", check.title), ("message", check.message)]
    texts += [(".".join(map(str, path)), text) for path, text in kind.texts()]
    _texts(report, course, check.source, texts)
    _anchor(course, exercise, number, report)
    return kind


def _anchor(course: Course, exercise: Exercise, number: int, report: Report) -> None:
    check = exercise.checks[number]
    lesson, _, anchor = check.learn.rpartition("#")
    lesson = lesson or exercise.lesson
    try:
        lesson = course.lesson(lesson).id
    except UsageError:
        report.add(check.source, f"learn: there is no lesson {lesson}")
        return
    except PackError:
        return
    try:
        anchors = {screen.anchor for screen in course.screens(lesson, course.languages[0])}
    except PackError:
        return
    if anchor not in anchors:
        report.add(check.source, f"learn: the lesson {lesson} has no screen {anchor}")
