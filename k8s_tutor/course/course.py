"""An opened pack: its lessons, exercises and screens, read when they are asked for and kept.

Opening reads ``course.yaml``; listing reads the small ``lesson.yaml`` of each lesson; an exercise's own file, its
checks and its manifests' names are read with the exercise. The built-in course is trusted to fit its schemas (tests
prove it) and is validated only to explain a failure; other packs are validated as they are read.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from k8s_tutor.course import markdown, validation
from k8s_tutor.course.model import Check, Exercise, LessonInfo, Mark, Screen, Text
from k8s_tutor.course.reading import Reader
from k8s_tutor.course.yamltext import Document, FieldPath, read_one
from k8s_tutor.errors import PackError, UsageError

Built = TypeVar("Built")


class Course:
    """A pack on disk. Safe to share between threads.

    Args:
        root: the pack's folder.
        validate: check every file against its schema when it is read.

    Raises:
        PackError: ``course.yaml`` is missing or wrong.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        self.root = root.absolute()
        self._validate = validate
        self._lock = threading.RLock()
        self._overlays: dict[str, dict[str, str]] = {}
        self._lessons: dict[str, LessonInfo] = {}
        self._exercises: dict[str, Exercise] = {}
        self._screens: dict[tuple[str, str], tuple[Screen, ...]] = {}
        self._documents: dict[Path, Document] = {}
        if not (root / "course.yaml").is_file():
            raise PackError(f"{root} is no course pack.", "Why: it has no course.yaml.", "Next: name a pack's folder.")
        self._data = self._built("course.yaml", "course", lambda document: dict(document.data))
        self.id: str = self._data["id"]
        self.version: str = self._data["version"]
        self.languages: tuple[str, ...] = tuple(self._data["languages"])

    @classmethod
    def builtin(cls) -> "Course":
        """Open the course that comes with the program."""
        from k8s_tutor.content import builtin_course

        return cls(builtin_course(), validate=False)

    @property
    def title(self) -> Text:
        return self._course_text("title")

    @property
    def summary(self) -> Text:
        return self._course_text("summary")

    @property
    def requires(self) -> dict[str, Any]:
        """What the pack says it needs: ``kubernetes``, ``k8s-tutor``, ``lessons``."""
        return dict(self._data.get("requires", {}))

    def available_languages(self) -> tuple[str, ...]:
        """The complete languages, then those that come as overlays."""
        overlays = sorted(file.stem for file in (self.root / "i18n").glob("*.yaml"))
        return (*self.languages, *(name for name in overlays if name not in self.languages))

    def use_language(self, language: str) -> None:
        """Load a language's overlay, so that texts have it."""
        with self._lock:
            file = f"i18n/{language}.yaml"
            if language in self._overlays or not (self.root / file).is_file():
                return
            self._overlays[language] = self._built(file, "overlay", lambda document: dict(document.data["texts"]))
            self._lessons.clear()
            self._exercises.clear()

    # -- lessons

    def lessons(self) -> tuple[LessonInfo, ...]:
        """The lessons in order, without homework."""
        return tuple(self._lesson(folder) for folder in self._data["lessons"] or ())

    def homework(self) -> tuple[LessonInfo, ...]:
        """The homework: lessons whose exercises are graded tasks."""
        return tuple(self._lesson(folder) for folder in self._homework)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of all lessons and homework, in order."""
        return (*(self._data["lessons"] or ()), *self._homework)

    @property
    def _homework(self) -> tuple[str, ...]:
        return tuple(self._data.get("homework") or ())

    def lesson(self, name: str) -> LessonInfo:
        """Find a lesson by id, folder or number.

        Raises:
            UsageError: there is none.
        """
        known, broken = [], None
        for folder in self.folders:
            try:
                info = self._lesson(folder)
            except PackError as error:
                # One broken lesson must not hide the others.
                broken = broken or error
                if folder == name:
                    raise
                continue
            number = folder.split("-", 1)[0]
            if name in {info.id, folder} or (name.isdigit() and number.isdigit() and int(name) == int(number)):
                return info
            known.append(info.id)
        if broken is not None:
            raise broken
        raise _unknown("lesson", name, known, "k8s-tutor list shows all lessons.")

    def screens(self, lesson: str, language: str) -> tuple[Screen, ...]:
        """A lesson's screens in a language, in the first one if it is not translated.

        Raises:
            PackError: there is no text at all.
        """
        info = self.lesson(lesson)
        with self._lock:
            key = (info.id, language)
            if key not in self._screens:
                self._screens[key] = markdown.screens(self._prose(info, language))
            return self._screens[key]

    def text_file(self, lesson: LessonInfo, language: str) -> Path:
        """Where a lesson's prose in a language lies (or would lie)."""
        return self.root / "lessons" / lesson.folder / f"text.{language}.md"

    # -- exercises

    def exercise(self, name: str) -> Exercise:
        """Find an exercise by ``lesson/exercise``, or by its own id where that is unique.

        Raises:
            UsageError: there is none, or several.
            PackError: its files are wrong.
        """
        lesson_name, slash, exercise_id = name.rpartition("/")
        if slash:
            info = self.lesson(lesson_name)
            if exercise_id not in info.exercises:
                raise _unknown("exercise", name, [f"{info.id}/{found}" for found in info.exercises])
            return self._exercise(info, exercise_id)
        owners = [info for info in (*self.lessons(), *self.homework()) if name in info.exercises]
        if len(owners) > 1:
            known = " or ".join(f"{info.id}/{name}" for info in owners)
            raise UsageError(f"The exercise {name!r} stands in several lessons.", "", f"Next: say {known}.")
        if not owners:
            everything = [found for info in (*self.lessons(), *self.homework()) for found in info.exercises]
            raise _unknown("exercise", name, everything)
        return self._exercise(owners[0], name)

    def exercises(self, lesson: str) -> tuple[Exercise, ...]:
        """All exercises of a lesson, in order."""
        info = self.lesson(lesson)
        return tuple(self._exercise(info, exercise_id) for exercise_id in info.exercises)

    def check_mark(self, exercise: Exercise, check: str, path: FieldPath = ()) -> Mark:
        """Where a field of a check's spec stands in the author's file."""
        info = self.lesson(exercise.lesson)
        document = self._document(f"checks/{info.folder}.yaml")
        for number, item in enumerate(document.data.get(exercise.id, ())):
            if item.get("id") == check:
                return document.mark([exercise.id, number, "spec", *path])
        return document.mark([exercise.id])

    # -- inside

    def _course_text(self, field: str) -> Text:
        document = self._document("course.yaml")
        return self._reader(document, "", "course").text(document.data.get(field), field)

    def _reader(self, document: Document, folder: str, prefix: str) -> Reader:
        first = document.data["languages"][0] if folder == "" and prefix == "course" else self.languages[0]
        return Reader(document, self.root, folder, first, self._overlays, prefix)

    def _document(self, file: str) -> Document:
        path = self.root / file
        with self._lock:
            if path not in self._documents:
                self._documents[path] = read_one(path, file)
            return self._documents[path]

    def _built(self, file: str, schema: str, build: Callable[[Document], Built]) -> Built:
        """Read a file and build something of it; a wrong shape is explained by the schema."""
        document = self._document(file)
        if self._validate:
            validation.validate(document, schema)
        try:
            return build(document)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            validation.validate(document, schema)
            raise document.error((), f"cannot be understood ({error!r})") from error

    def _lesson(self, folder: str) -> LessonInfo:
        homework = folder in self._homework
        with self._lock:
            if folder not in self._lessons:
                file = f"lessons/{folder}/lesson.yaml"
                if not (self.root / file).is_file():
                    field = "homework" if homework else "lessons"
                    course = self._document("course.yaml")
                    raise course.error(
                        (field, self._data[field].index(folder)),
                        f"{file} does not exist",
                        f"Next: k8s-tutor dev new lesson {folder}, or remove the entry.",
                    )

                def build(document: Document) -> LessonInfo:
                    prefix = str(document.data["id"])
                    return self._reader(document, folder, prefix).lesson(folder, homework=homework)

                self._lessons[folder] = self._built(file, "lesson", build)
            return self._lessons[folder]

    def _exercise(self, info: LessonInfo, exercise_id: str) -> Exercise:
        key = f"{info.id}/{exercise_id}"
        with self._lock:
            if key not in self._exercises:
                self._exercises[key] = self._read_exercise(info, exercise_id, key)
            return self._exercises[key]

    def _read_exercise(self, info: LessonInfo, exercise_id: str, key: str) -> Exercise:
        file = f"lessons/{info.folder}/exercises/{exercise_id}.yaml"
        if not (self.root / file).is_file():
            lesson = self._document(f"lessons/{info.folder}/lesson.yaml")
            raise lesson.error(("exercises", info.exercises.index(exercise_id)), f"{file} does not exist")
        checks_file = f"checks/{info.folder}.yaml"
        checks: tuple[Check, ...] = ()
        if (self.root / checks_file).is_file():
            checks = self._built(
                checks_file, "checks", lambda found: self._reader(found, info.folder, key).checks(exercise_id)
            )
        made = self._built(file, "exercise", lambda found: self._reader(found, info.folder, key).exercise(info, checks))
        if made.id != exercise_id:
            raise self._document(file).error(("id",), f"{made.id} is not the file's name, {exercise_id}")
        return made

    def _prose(self, info: LessonInfo, language: str) -> str:
        for name in (language, *self.languages):
            path = self.text_file(info, name)
            if path.is_file():
                try:
                    return path.read_text(encoding="utf-8-sig")
                except UnicodeDecodeError as error:
                    raise PackError(
                        f"{path.relative_to(self.root)}: not UTF-8 text (byte {error.start}).",
                        "",
                        "Next: save the file as UTF-8.",
                    ) from None
        missing = self.text_file(info, self.languages[0]).relative_to(self.root)
        raise PackError(f"{missing} does not exist.", "Why: the lesson has no text.", "Next: write it.")


def _unknown(what: str, name: str, known: list[str], next_step: str = "") -> UsageError:
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    why = f"Why: did you mean {near[0]}?" if near else f"Why: there are {', '.join(known) or 'none'}."
    return UsageError(
        f"There is no {what} {name!r}.", why, f"Next: {next_step or 'k8s-tutor list shows what there is.'}"
    )
