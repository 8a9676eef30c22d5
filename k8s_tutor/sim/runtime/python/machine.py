"""Where a walked program runs: its process, its names, and the memory that its values take."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.runtime.python.values import MAX_SIZE, ExitPython, PythonError

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


class Machine:
    """One program's state.

    Attributes:
        process: computes, keeps memory, reads and writes for it.
        argv: as ``sys.argv``.
        frames: names of the module, then of each function that is being called.
        held: bytes that its large values take.
    """

    def __init__(self, process: "Process", argv: list[str]) -> None:
        self.process = process
        self.argv = argv
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.frames: list[dict[str, Any]] = [self.names]
        self.held = self._told = 0

    async def hold(self, size: int) -> None:
        """Account for memory that the program's values take; told to the kernel in steps of a megabyte."""
        self.held += size
        if abs(self.held - self._told) >= 1 << 20:
            self._told = self.held
            await self.process.keep(max(0, self.held))

    async def briefly(self, size: int) -> None:
        """Take memory beside what is held; MemoryError beyond the limit."""
        await self.process.keep(self.held + size)


def guarded(node: ast.AST, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function of ours for the program: what it raises is the program's own exception."""
    try:
        result = function(*arguments, **named)
        if isinstance(result, str | bytes | bytearray | list | dict | set | tuple) and len(result) > 2 * MAX_SIZE:
            raise MemoryError
        return result
    except (PythonError, ExitPython):
        raise
    except Exception as error:
        raise PythonError(type(error).__name__, str(error), getattr(node, "lineno", 1)) from error
