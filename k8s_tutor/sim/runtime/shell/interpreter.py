"""Running the shell's tree on processes: forks, pipes, redirections, functions, traps, jobs.

Each command costs a little CPU in cluster time (``Process.work``), so that no loop is free, and none takes the
machine. Traps run between commands, as POSIX asks.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.processes import ExitProcess, Process
from k8s_tutor.sim.runtime.shell import children, commands, flow, syntax
from k8s_tutor.sim.runtime.shell.bash_parser import parser_for
from k8s_tutor.sim.runtime.shell.expansion import Expander, ExpansionError
from k8s_tutor.sim.runtime.shell.flow import BreakLoop, ReturnFunction
from k8s_tutor.sim.runtime.shell.messages import Words
from k8s_tutor.sim.runtime.shell.parser import Parser
from k8s_tutor.sim.runtime.shell.redirections import Redirector
from k8s_tutor.sim.runtime.shell.state import Variables

ERR = -1  # bash's trap that is no signal's
PARSING_COST = 1e-7  # a character
LONG_TEXT = 1 << 15


class Shell(Variables):
    """One shell process.

    Args:
        process: what it runs as.
        words: its messages.
    """

    def __init__(self, process: Process, words: Words) -> None:
        super().__init__(process, words)
        self.expander = Expander(self)
        self.redirector = Redirector(self)
        self.status = 0
        self.substituted = 0
        self.checking = 0
        self.calls = 0
        self.sourcing = 0
        self.loops = 0
        self.background: Process | None = None
        self.jobs: list[Process] = []
        self.job_texts: dict[int, str] = {}
        self.traps: dict[int, str] = {}
        self.pending: list[int] = []
        self.waiting: asyncio.Future[None] | None = None
        self.is_subshell = False
        self.trapping = False
        self.file_numbers = itertools.count(63)

    # -- running

    async def run_text(self, text: str, *, last: bool = False) -> int:
        """Parse and run a program, line by line; the exit status is the answer."""
        parser = parser_for(self.words.flavour, text, self.aliases, self.options)
        status = 0
        while True:
            at = parser.at
            try:
                line = await self._parsed(parser)
            except syntax.ShellSyntaxError as error:
                self.words.line = error.line
                await self.process.err(self.words.syntax(error.message, error.token, parser.source))
                return 2
            if line is None:
                return status
            await self.process.work((parser.at - at) * PARSING_COST)
            status = await self.sequence(line, last=last and parser.at_end)

    async def _parsed(self, parser: Parser) -> syntax.Sequence | None:
        """Return the next line's commands; where that may take long, in a thread that lets others go on."""
        if len(parser.source) - parser.at < LONG_TEXT:
            return parser.line_of_commands()
        return await asyncio.to_thread(parser.line_of_commands)

    async def main(self, body: Callable[[], Awaitable[int]]) -> int:
        """Run a shell to its end, with its EXIT trap."""
        try:
            code = await body()
        except ExitProcess as leaving:
            code = leaving.code
        except ExpansionError as error:
            await self.process.err(str(error))
            code = 2 if self.words.flavour != "bash" else error.code
        except (BreakLoop, ReturnFunction) as leaving:
            code = getattr(leaving, "code", 0)
        if 0 in self.traps:
            action = self.traps.pop(0)
            self.status = code
            try:
                await self.run_text(action)
            except ExitProcess as leaving:
                code = leaving.code
        return code

    async def node(self, node: syntax.Node, *, last: bool = False) -> int:
        """Run any node; ``last``: nothing follows it in this process, which may become the command."""
        if self.pending:
            await self.run_traps()
        if isinstance(node, syntax.Simple):
            self.status = await commands.simple(self, node, last=last)
        elif isinstance(node, syntax.Sequence):
            return await self.sequence(node, last=last)
        elif isinstance(node, syntax.AndOr):
            return await self._and_or(node, last=last)
        elif isinstance(node, syntax.Pipeline):
            self.status = await children.pipeline(self, node)
        elif isinstance(node, syntax.Group):
            return await self.sequence(node.body, last=last)
        elif isinstance(node, syntax.Subshell):
            child = await children.fork(self, lambda shell: shell.sequence(node.body, last=True))
            self.status = await children.wait_for(self, child)
        elif isinstance(node, syntax.Redirected):
            self.status = await self._redirected(node)
        elif isinstance(node, syntax.Function):
            self.functions[node.name] = node.body
            self.status = 0
        else:
            self.status = await flow.compound(self, node)
            return self.status
        await self._exit_on_error(node)
        return self.status

    async def _exit_on_error(self, node: syntax.Node) -> None:
        if self.status and ERR in self.traps and not self.checking and not self.trapping:
            self.pending.append(ERR)
            await self.run_traps()
        if self.status and "e" in self.options and not self.checking:
            if not (isinstance(node, syntax.Pipeline) and node.negated):
                raise ExitProcess(self.status)

    async def sequence(self, sequence: syntax.Sequence, *, last: bool = False) -> int:
        """Run commands one after the other."""
        status = 0
        count = len(sequence.items)
        for index, (node, background) in enumerate(sequence.items):
            if background:
                status = self.status = await children.start_background(self, node)
            else:
                final = last and index == count - 1 and not self.traps
                status = await self.node(node, last=final)
        if self.pending:
            await self.run_traps()
        return status

    async def _and_or(self, node: syntax.AndOr, *, last: bool) -> int:
        self.checking += 1
        try:
            status = await self.node(node.first)
        finally:
            self.checking -= 1
        for index, (operator, command) in enumerate(node.rest):
            if (status == 0) != (operator == "&&"):
                continue
            final = index == len(node.rest) - 1
            self.checking += not final
            try:
                status = await self.node(command, last=last and final)
            finally:
                self.checking -= not final
        self.status = status
        return status

    async def _redirected(self, node: syntax.Redirected) -> int:
        if isinstance(node.body, syntax.Subshell):
            inner = node.body

            async def body(shell: "Shell") -> int:
                if not await shell.redirector.apply(node.redirects):
                    return 1
                return await shell.sequence(inner.body, last=True)

            return await children.wait_for(self, await children.fork(self, body))
        async with self.redirector.during(node.redirects) as fine:
            return await self.node(node.body) if fine else 1

    # -- processes

    def copy(self, process: Process) -> "Shell":
        """Return the shell of a fork: all but jobs and caught signals is as here."""
        other = Shell(process, self.words.copy())
        self.copy_variables(other)
        other.status = self.status
        other.background = self.background
        other.loops = self.loops
        other.checking = self.checking
        other.is_subshell = True
        other.main_pid = self.main_pid
        other.calls = self.calls
        for number, action in self.traps.items():
            if not action:
                other.traps[number] = action
                process.handlers[number] = None
        return other

    # -- traps

    def handle_interrupt(self) -> None:
        """Let SIGINT end ash and dash, as their handler does, even where the kernel would pass it over (PID 1)."""
        if self.process.pid == 1 and self.words.flavour != "bash":
            self.process.handlers.setdefault(signals.SIGINT, self.process.terminate)

    def caught(self, number: int) -> None:
        """A signal with a trap has come."""
        self.pending.append(number)
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    async def run_traps(self) -> None:
        """Run the actions of signals that have come."""
        while self.pending and not self.trapping:
            number = self.pending.pop(0)
            action = self.traps.get(number)
            if action is None and number > 0:
                raise ExitProcess(128 + number)
            if action:
                status = self.status
                self.trapping = True
                try:
                    await self.run_text(action)
                finally:
                    self.trapping = False
                self.status = status
