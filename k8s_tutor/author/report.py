"""What ``dev check`` found: problems with their places, cases with their verdicts, and both as text."""

from dataclasses import dataclass, field
from enum import StrEnum

from k8s_tutor.course.model import Mark


class Severity(StrEnum):
    """An error makes the pack red; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend, and where."""

    where: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.severity}: {self.text}"


@dataclass(frozen=True, slots=True)
class Case:
    """One way of playing an exercise: ``start``, a solution's or a mistake's name; empty ``problems`` is good."""

    exercise: str
    sort: str
    name: str
    seconds: float
    problems: tuple[Problem, ...] = ()

    @property
    def good(self) -> bool:
        return not self.problems


@dataclass
class Report:
    """All of it."""

    problems: list[Problem] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """No error anywhere."""
        found = [*self.problems, *(problem for case in self.cases for problem in case.problems)]
        return all(problem.severity is not Severity.ERROR for problem in found)

    def add(self, where: Mark | str, text: str, severity: Severity = Severity.ERROR) -> None:
        """Note a problem."""
        self.problems.append(Problem(str(where), text, severity))

    def render(self) -> str:
        """Return it as lines: what is wrong, exercise by exercise, and the sum."""
        lines = [str(problem) for problem in self.problems]
        for case in self.cases:
            mark = "ok  " if case.good else "FAIL"
            lines.append(f"{mark} {case.exercise} {case.sort} {case.name}".rstrip() + f" ({case.seconds:.2f} s)")
            lines += [f"     {problem}" for problem in case.problems]
        bad = sum(1 for case in self.cases if not case.good)
        errors = sum(1 for problem in self.problems if problem.severity is Severity.ERROR)
        warnings = len(self.problems) - errors
        lines.append(f"{len(self.cases)} cases, {bad} failed; {errors} errors, {warnings} warnings.")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            "good": self.good,
            "problems": [_plain(problem) for problem in self.problems],
            "cases": [
                {
                    "exercise": case.exercise,
                    "sort": case.sort,
                    "name": case.name,
                    "good": case.good,
                    "seconds": round(case.seconds, 3),
                    "problems": [_plain(problem) for problem in case.problems],
                }
                for case in self.cases
            ],
        }


def _plain(problem: Problem) -> dict[str, str]:
    return {"where": problem.where, "severity": str(problem.severity), "text": problem.text}
