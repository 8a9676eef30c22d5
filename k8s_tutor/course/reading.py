"""From YAML data to models: texts with their translations, durations, steps with paths that stay inside the pack."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from k8s_tutor.course.durations import seconds
from k8s_tutor.course.model import NO_TEXT, Check, Choice, Cover, Exercise, Hint, LessonInfo, Question, Step, Text, Way
from k8s_tutor.course.yamltext import Document, FieldPath

Overlays = Mapping[str, Mapping[str, str]]


class Reader:
    """Builds models from one document.

    Args:
        document: already of the right shape, or the caller handles what a wrong shape raises.
        root: the pack's folder.
        folder: the lesson's folder name, below which manifests are looked for.
        first_language: what a plain string is written in.
        overlays: further languages: language -> key -> text.
        prefix: what keys of this document's texts begin with.
    """

    def __init__(
        self, document: Document, root: Path, folder: str, first_language: str, overlays: Overlays, prefix: str
    ) -> None:
        self.document = document
        self._root = root
        self._manifests = root / "manifests" / folder
        self._language = first_language
        self._overlays = overlays
        self._prefix = prefix

    def text(self, value: Any, key: str) -> Text:
        """Make a text; overlays add their languages."""
        if value is None:
            return NO_TEXT
        texts = {self._language: value} if isinstance(value, str) else dict(value)
        for language, overlay in self._overlays.items():
            if found := overlay.get(f"{self._prefix}.{key}"):
                texts[language] = found
        first = {self._language: texts[self._language]} if self._language in texts else {}
        return Text({**first, **texts})

    def lesson(self, folder: str, *, homework: bool) -> LessonInfo:
        """Build a lesson's title page."""
        data = self.document.data
        return LessonInfo(
            id=data["id"],
            folder=folder,
            title=self.text(data["title"], "title"),
            summary=self.text(data.get("summary"), "summary"),
            exercises=tuple(data["exercises"] or ()),
            minutes=data.get("minutes", 0),
            needs=frozenset(data.get("needs", ())),
            namespace=data.get("namespace", "default"),
            covers=tuple(
                Cover(str(item["slide"]), item.get("screen", ""), item.get("exercise", ""))
                for item in data.get("covers", ())
            ),
            images=data.get("images", {}),
            homework=homework,
            source=self.document.mark(),
        )

    def exercise(self, lesson: LessonInfo, checks: tuple[Check, ...]) -> Exercise:
        """Build an exercise."""
        data = self.document.data
        return Exercise(
            id=data["id"],
            lesson=lesson.id,
            title=self.text(data["title"], "title"),
            goal=self.text(data["goal"], "goal"),
            task=self.text(data.get("task"), "task"),
            namespace=data.get("namespace", lesson.namespace),
            namespaces=tuple(data.get("namespaces", ())),
            needs=lesson.needs | frozenset(data.get("needs", ())),
            optional=data.get("optional", False),
            start=self.steps(data.get("start", ()), ("start",)),
            checks=checks,
            hints=tuple(
                Hint(self.text(item["text"], f"hints.{number}.text"), float(item["cost"]), item.get("check", ""))
                for number, item in enumerate(data["hints"])
            ),
            solutions=self._ways("solutions"),
            mistakes=self._ways("mistakes"),
            settle=self.duration(data.get("settle", 60), ("settle",)),
            learn=self.text(data["learn"], "learn"),
            quiz=tuple(self._question(item) for item in data.get("quiz", ())),
            grading=data.get("grading", {}),
            source=self.document.mark(),
        )

    def checks(self, exercise: str) -> tuple[Check, ...]:
        """Build the checks of an exercise from a checks document."""
        return tuple(
            self._check(item, (exercise, number)) for number, item in enumerate(self.document.data.get(exercise) or ())
        )

    def duration(self, value: Any, path: FieldPath) -> float:
        """Read a duration."""
        found = seconds(value)
        if found is None or found < 0:
            raise self.document.error(path, f"{value!r} is no duration; write 90s or 1m30s")
        return found

    def steps(self, items: Any, path: FieldPath) -> tuple[Step, ...]:
        """Build a list of steps."""
        return tuple(self._step(item, [*path, number]) for number, item in enumerate(items or ()))

    def _step(self, item: Any, path: FieldPath) -> Step:
        source = self.document.mark(path)
        if isinstance(item, str):
            return Step(run=item, source=source)
        fails = item.get("fails", False)
        if "run" in item:
            return Step(run=item["run"], fails=fails, source=source)
        if "apply" in item:
            return Step(apply=self._file(item["apply"], [*path, "apply"]), fails=fails, source=source)
        if "file" in item:
            file = self._file(item["file"], [*path, "file"])
            return Step(file=file, name=item.get("as", file.name), source=source)
        if "wait" in item:
            return Step(wait=self.duration(item["wait"], [*path, "wait"]), source=source)
        return Step(answer=item["answer"], value=item["with"], source=source)

    def _file(self, value: str, path: FieldPath) -> Path:
        base = self._root / "manifests" if value.startswith("/") else self._manifests
        file = base / value.lstrip("/")
        if not file.resolve().is_relative_to(self._root.resolve()):
            raise self.document.error(path, f"{value} leaves the pack", "Next: name a file below manifests/.")
        if not file.exists():
            shown = file.relative_to(self._root)
            raise self.document.error(path, f"{shown} does not exist", "Next: make the file, or mend the name.")
        return file

    def _ways(self, field: str) -> tuple[Way, ...]:
        return tuple(
            Way(
                name=item["name"],
                steps=self.steps(item["steps"], (field, number, "steps")),
                text=self.text(item.get("text"), f"{field}.{item['name']}.text"),
                fails=tuple(item.get("fails", ())),
                says=item.get("says", ""),
                settle=self.duration(item["settle"], (field, number, "settle")) if "settle" in item else None,
                source=self.document.mark((field, number)),
            )
            for number, item in enumerate(self.document.data[field])
        )

    def _question(self, item: Any) -> Question:
        key = f"quiz.{item['id']}"
        return Question(
            id=item["id"],
            question=self.text(item["question"], f"{key}.question"),
            choices=tuple(
                Choice(
                    self.text(choice["text"], f"{key}.choices.{number}.text"),
                    choice.get("correct", False),
                    self.text(choice.get("why"), f"{key}.choices.{number}.why"),
                )
                for number, choice in enumerate(item["choices"])
            ),
            when=item.get("when", "after"),
        )

    def _check(self, item: Any, path: FieldPath) -> Check:
        key = f"checks.{item['id']}"
        stable = item.get("stable_for")
        return Check(
            id=item["id"],
            kind=item["kind"],
            title=self.text(item["title"], f"{key}.title"),
            message=self.text(item["message"], f"{key}.message"),
            spec=self._overlaid(item["spec"], f"{self._prefix}.{key}.spec."),
            points=float(item.get("points", 1)),
            needs=tuple(item.get("needs", ())),
            learn=item["learn"],
            next=item.get("next", ""),
            stable_for=None if stable is None else self.duration(stable, [*path, "stable_for"]),
            source=self.document.mark(path),
        )

    def _overlaid(self, spec: Any, prefix: str) -> Any:
        """Put an overlay's texts into a spec's own texts: ``….spec.question`` and the like."""
        wanted = [
            (language, key.removeprefix(prefix).split("."), text)
            for language, overlay in self._overlays.items()
            for key, text in overlay.items()
            if key.startswith(prefix)
        ]
        for language, steps, text in wanted:
            spec = _with_text(spec, steps, language, text)
        return spec


def _with_text(value: Any, steps: list[str], language: str, text: str) -> Any:
    if not steps:
        return {**value, language: text} if isinstance(value, dict) else value
    if isinstance(value, dict) and steps[0] in value:
        return {**value, steps[0]: _with_text(value[steps[0]], steps[1:], language, text)}
    if isinstance(value, list) and steps[0].isdigit() and int(steps[0]) < len(value):
        index = int(steps[0])
        return [*value[:index], _with_text(value[index], steps[1:], language, text), *value[index + 1 :]]
    return value
