"""The shape of a check kind: what it reads from a spec, what it watches, how it judges.

A kind is a class in one module of ``kinds/`` (or behind an entry point of the group ``k8s_tutor.checks``). It is made
once for a check, parses the spec then, and judges as often as the runner asks. Judging returns a result for everything
that a learner can cause; only our own faults and a lost cluster raise.
"""

import abc
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.objects import ObjectQuery
from k8s_tutor.checks.result import CheckResult
from k8s_tutor.course.model import Check, Text
from k8s_tutor.errors import PackError
from k8s_tutor.plugins import discover

SpecPath = tuple[str | int, ...]


class CheckKind(abc.ABC):
    """A check, ready to judge.

    Class attributes:
        name: the kind's name in packs.
        schema: JSON Schema of the spec.
        stability: cluster seconds that a verdict must hold before it passes, unless the check says otherwise.
        offline: whether it can judge manifests that were not applied.
        sticky: once passed, it stays passed while the exercise goes on (an answer, a thing that happened).
    """

    name: ClassVar[str]
    schema: ClassVar[Mapping[str, Any]]
    stability: ClassVar[float] = 0.0
    offline: ClassVar[bool] = False
    sticky: ClassVar[bool] = False

    def __init__(self, check: Check) -> None:
        self.check = check
        self.spec = check.spec

    @property
    def stable_for(self) -> float:
        """How long it must hold."""
        return self.stability if self.check.stable_for is None else self.check.stable_for

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        """Yield what the schema cannot see: broken expressions, unknown operators."""
        yield from ()

    def texts(self) -> Iterator[tuple[SpecPath, Text]]:
        """Yield the texts that a spec holds, for translations to be complete."""
        yield from ()

    def watches(self) -> Sequence[ObjectQuery]:
        """What it depends on: a change there may change the verdict."""
        return ()

    def records(self) -> Sequence[ObjectQuery]:
        """What must have been recorded since the exercise began."""
        return ()

    @abc.abstractmethod
    def evaluate(self, context: CheckContext) -> CheckResult:
        """Judge.

        Raises:
            ClusterUnavailableError: no cluster answers.
        """


@cache
def kinds() -> dict[str, type[CheckKind]]:
    """All check kinds by name."""
    return discover("k8s_tutor.checks.kinds", CheckKind, "k8s_tutor.checks")


def build(check: Check) -> CheckKind:
    """Make a check ready to judge.

    Raises:
        PackError: unknown kind, or a spec that the kind cannot read; it names the author's file and line.
    """
    found = kinds().get(check.kind)
    if found is None:
        import difflib

        near = difflib.get_close_matches(check.kind, kinds(), 1)
        why = f"did you mean {near[0]}?" if near else f"known are {', '.join(kinds())}"
        raise PackError(
            f"{check.source}: kind: there is no check kind {check.kind!r}; {why}",
            f"Why: the check {check.id!r} names it.",
            "Next: see docs/pack-format.md for the kinds.",
        )
    try:
        return found(check)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise PackError(
            f"{check.source}: spec: {why}",
            f"Why: the check {check.id!r} of kind {check.kind} cannot be read.",
            "Next: see docs/pack-format.md for what this kind reads.",
        ) from error
