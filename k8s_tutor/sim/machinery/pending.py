"""A request that must wait for an answer from outside (an admission webhook) before it can go on.

The storage is one synchronous pass. Where it needs an answer that is not there yet it stops with ``Pending``, having
changed nothing; whoever asked begins anew once the answer has come, and finds it among the answers of its ``Reviews``.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any


class Pending(Exception):  # noqa: N818 - not an error: the work is to be done again
    """Raised out of the pass; ``then`` tells when it is time to begin anew."""

    def __init__(self) -> None:
        super().__init__("waiting for an admission webhook")
        self._done = False
        self._callbacks: list[Callable[[], None]] = []

    def then(self, callback: Callable[[], None]) -> None:
        """Call back once the answer is there."""
        if self._done:
            callback()
        else:
            self._callbacks.append(callback)

    def finish(self) -> None:
        """The answer is there."""
        self._done = True
        for callback in self._callbacks:
            callback()
        self._callbacks.clear()

    async def wait(self) -> None:
        """Return once the answer is there."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.then(lambda: None if future.done() else future.set_result(None))
        await future


def attempt(action: Callable[[], None]) -> None:
    """Do something that may have to wait; it is done from its beginning again each time that an answer has come."""
    try:
        action()
    except Pending as pending:
        pending.then(lambda: attempt(action))


@dataclass(slots=True)
class Reviews:
    """The answers that one request (or all in-process clients together) has got so far.

    Attributes:
        own: they belong to one request, which is repeated until it is through.
        answers: by what was asked.
        underway: what is being asked.
        used: whose answers the present pass has used.
        made: name and UID that were made for an object, so that all passes speak of the same.
    """

    own: bool = True
    answers: dict[Hashable, Any] = field(default_factory=dict)
    underway: dict[Hashable, Pending] = field(default_factory=dict)
    used: list[Hashable] = field(default_factory=list)
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
