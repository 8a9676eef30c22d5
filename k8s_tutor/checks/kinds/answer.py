"""answer: what the learner typed: a choice, a number with tolerance and unit, a short text, an order.

The right answer stands in the spec, or is read from the cluster (``from``) when it is judged.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from k8s_tutor.apimachinery.jsonpath import JSONPath, JSONPathError
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.meaning import MISSING
from k8s_tutor.checks.objects import QUERY_SCHEMA, ObjectQuery
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.model import Check, Text

_TEXT: Final = {"$ref": "common.schema.json#/$defs/text"}
_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "m": ("amount", 1e-3), "": ("amount", 1), "k": ("amount", 1e3), "M": ("amount", 1e6), "G": ("amount", 1e9),
    "Ki": ("amount", 2**10), "Mi": ("amount", 2**20), "Gi": ("amount", 2**30), "Ti": ("amount", 2**40),
    "B": ("amount", 1), "KB": ("amount", 1e3), "MB": ("amount", 1e6), "GB": ("amount", 1e9),
    "KiB": ("amount", 2**10), "MiB": ("amount", 2**20), "GiB": ("amount", 2**30),
    "ms": ("time", 1e-3), "s": ("time", 1), "sec": ("time", 1), "min": ("time", 60), "h": ("time", 3600),
    "с": ("time", 1), "мин": ("time", 60), "ч": ("time", 3600), "%": ("share", 1),
}  # fmt: skip
_NUMBER = re.compile(r"^\s*([-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s]*)\s*$")


class Answer(CheckKind):
    """Judges ``context.answers[<check id>]``."""

    name = "answer"
    sticky = True
    offline = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["question", "type"],
        "properties": {
            "question": _TEXT,
            "type": {"enum": ["choice", "number", "text", "ordering"]},
            "choices": {
                "type": "array",
                "minItems": 2,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id", "text"],
                    "properties": {
                        "id": {"$ref": "common.schema.json#/$defs/id"},
                        "text": _TEXT,
                        "why": _TEXT,
                    },
                },
            },
            "correct": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
            "value": {"type": ["number", "string"]},
            "tolerance": {"oneOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9.]+%$"}]},
            "unit": {"enum": sorted(_UNITS)},
            "accept": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "from": {
                "type": "object",
                "additionalProperties": False,
                "required": ["object", "path"],
                "properties": {"object": {**QUERY_SCHEMA, "required": ["kind"]}, "path": {"type": "string"}},
            },
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self.type: str = self.spec["type"]
        self._source = ObjectQuery.of(self.spec["from"]["object"]) if "from" in self.spec else None

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        ids = [choice["id"] for choice in self.spec.get("choices", ())]
        needed = {"choice": ("choices", "correct"), "ordering": ("choices",)}.get(self.type, ())
        for field in needed:
            if field not in self.spec:
                yield (), f"the field {field} is missing"
        if self.type == "choice" and ids:
            for right in self._correct():
                if right not in ids:
                    yield ("correct",), f"{right} is none of the choices"
        if self.type == "number" and "value" not in self.spec and self._source is None:
            yield (), "the field value (or from) is missing"
        if self.type == "text" and "accept" not in self.spec and self._source is None:
            yield (), "the field accept (or from) is missing"
        for index, expression in enumerate(self.spec.get("accept", ())):
            try:
                re.compile(expression)
            except re.error as error:
                yield ("accept", index), f"no regular expression: {error}"

    def texts(self) -> Iterator[tuple[SpecPath, Text]]:
        yield ("question",), text_of(self.spec["question"])
        for index, choice in enumerate(self.spec.get("choices", ())):
            yield ("choices", index, "text"), text_of(choice["text"])
            if "why" in choice:
                yield ("choices", index, "why"), text_of(choice["why"])

    @property
    def question(self) -> Text:
        """What is asked."""
        return text_of(self.spec["question"])

    @property
    def choices(self) -> tuple[tuple[str, Text], ...]:
        """What is to choose from, or to be put in order: id and text (the author's order)."""
        return tuple((choice["id"], text_of(choice["text"])) for choice in self.spec.get("choices", ()))

    @property
    def several(self) -> bool:
        """Whether several choices are to be ticked."""
        return isinstance(self.spec.get("correct"), list)

    def evaluate(self, context: CheckContext) -> CheckResult:
        given = context.answers.get(self.check.id, MISSING)
        if given is MISSING:
            return CheckResult(State.FAILED, differences=(Difference("answer", "an answer", "none yet"),))
        wanted = self._from_cluster(context)
        if wanted is MISSING:
            return CheckResult(State.UNGRADABLE, detail=f"{self._source} is not there to compare with")
        right = {
            "choice": lambda: _as_set(given) == self._correct(),
            "ordering": lambda: list(given) == [choice["id"] for choice in self.spec["choices"]],
            "number": lambda: self._is_number(given, wanted),
            "text": lambda: self._is_text(given, wanted),
        }[self.type]()
        if right:
            return CheckResult(State.PASSED)
        return CheckResult(
            State.FAILED,
            differences=(Difference("answer", "another one", _spelled(given)),),
            detail="not the right answer",
        )

    def why(self, given: Any, language: str) -> str:
        """Return what the author says about a wrong choice."""
        for choice in self.spec.get("choices", ()):
            if choice["id"] in _as_set(given) - self._correct() and "why" in choice:
                return text_of(choice["why"]).get(language)
        return ""

    def _correct(self) -> set[str]:
        return _as_set(self.spec.get("correct", ()))

    def _from_cluster(self, context: CheckContext) -> Any:
        if self._source is None:
            return None
        path = self.spec["from"]["path"]
        template = path if path.startswith("{") else f"{{.{path.lstrip('.')}}}"
        try:
            found = [value for obj in context.find(self._source) for value in JSONPath(template).find(obj)]
        except JSONPathError as error:
            raise ValueError(f"from.path: {error}") from error
        return found[0] if found else MISSING

    def _is_number(self, given: Any, wanted: Any) -> bool:
        unit = self.spec.get("unit", "")
        target = _amount(self.spec["value"] if wanted is None else wanted, unit if wanted is None else "")
        answer = _amount(given, unit)
        if target is None or answer is None:
            return False
        tolerance = self.spec.get("tolerance", 0)
        allowed = (
            abs(target) * float(tolerance[:-1]) / 100
            if isinstance(tolerance, str)
            else tolerance * _UNITS.get(unit, ("", 1.0))[1]
        )
        return abs(answer - target) <= allowed + 1e-9 * max(1.0, abs(target))

    def _is_text(self, given: Any, wanted: Any) -> bool:
        text = " ".join(str(given).split())
        if wanted is not None and text.casefold() == str(wanted).casefold():
            return True
        return any(re.fullmatch(pattern, text, re.IGNORECASE) for pattern in self.spec.get("accept", ()))


def text_of(value: Any) -> Text:
    """Make a text of a spec's text."""
    return Text({"": value} if isinstance(value, str) else value)


def _as_set(given: Any) -> set[str]:
    return (
        {given}
        if isinstance(given, str)
        else set(map(str, given))
        if isinstance(given, list | tuple | set)
        else {str(given)}
    )


def _amount(given: Any, unit: str) -> float | None:
    """Read a number with a unit; a bare one is in ``unit``, another unit of the same sort is converted."""
    found = _NUMBER.match(str(given))
    if not found:
        return None
    own = found[2] if found[2] in _UNITS else found[2].lower() if found[2].lower() in _UNITS else None
    if own is None:
        return None
    if not own:
        own = unit
    elif unit and _UNITS[own][0] != _UNITS[unit][0]:
        return None
    return float(found[1].replace(",", ".")) * _UNITS[own][1]


def _spelled(given: Any) -> str:
    return ", ".join(map(str, given)) if isinstance(given, list | tuple) else str(given)
