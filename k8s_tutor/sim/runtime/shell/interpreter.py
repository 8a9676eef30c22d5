"""Running the shell's tree on processes: forks, pipes, redirections, functions, traps, jobs.

Each command costs a little CPU in cluster time (``Process.work``), so that no loop is free, and none takes the
machine. Traps run between commands, as POSIX asks.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import launching, signals
from k8s_tutor.sim.runtime.descriptors import OpenFile, ReadEnd, WriteEnd
from k8s_tutor.sim.runtime.nodes import fail
from k8s_tutor.sim.runtime.processes import ExitProcess, Process
from k8s_tutor.sim.runtime.programs.conditions import ConditionError
from k8s_tutor.sim.runtime.shell import bash, patterns, syntax
from k8s_tutor.sim.runtime.shell.bash_parser import parser_for
from k8s_tutor.sim.runtime.shell.expansion import MUCH, TEXT_BYTES, Expander, ExpansionError
from k8s_tutor.sim.runtime.shell.messages import Words
from k8s_tutor.sim.runtime.shell.parser import Parser
from k8s_tutor.sim.runtime.shell.redirections import Redirector
from k8s_tutor.sim.runtime.shell.state import Variables
from k8s_tutor.sim.runtime.streams import Pipe

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.builtins import Builtin

ERR = -1  # bash's trap that is no signal's
COMMAND_COST = 6e-5
PARSING_COST = 1e-7  # a character
LONG_TEXT = 1 << 15
LONGEST_ARGUMENT = 128 << 10  # MAX_ARG_STRLEN
LONGEST_ARGUMENTS = 2 << 20
FORK_COST = 4e-4
MAX_CALLS = 200


class BreakLoop(Exception):  # noqa: N818 - control flow, not an error
    """``break`` or ``continue`` out of ``levels`` loops."""

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels, self.again = levels, again


class ReturnFunction(Exception):  # noqa: N818 - control flow, not an error
    """``return``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


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
        self._files = itertools.count(63)

    # -- running

    async def run_text(self, text: str, *, last: bool = False) -> int:
        """Parse and run a program, line by line; the exit status is the answer."""
        parser = parser_for(self.words.flavour, text, self.aliases)
        status = 0
        while True:
            at = parser.at
            try:
                commands = await self._parsed(parser)
            except syntax.ShellSyntaxError as error:
                self.words.line = error.line
                await self.process.err(self.words.syntax(error.message, error.token, parser.source))
                return 2
            if commands is None:
                return status
            await self.process.work((parser.at - at) * PARSING_COST)
            status = await self.sequence(commands, last=last and parser.at_end)

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
            self.status = await self.simple(node, last=last)
        elif isinstance(node, syntax.Sequence):
            return await self.sequence(node, last=last)
        elif isinstance(node, syntax.AndOr):
            return await self._and_or(node, last=last)
        elif isinstance(node, syntax.Pipeline):
            self.status = await self._pipeline(node)
        elif isinstance(node, syntax.Group):
            return await self.sequence(node.body, last=last)
        elif isinstance(node, syntax.Subshell):
            child = await self.fork(lambda shell: shell.sequence(node.body, last=True))
            self.status = await self.wait_for(child)
        elif isinstance(node, syntax.Redirected):
            self.status = await self._redirected(node)
        elif isinstance(node, syntax.Function):
            self.functions[node.name] = node.body
            self.status = 0
        else:
            self.status = await self._compound(node)
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
                status = self.status = await self._start_background(node)
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

    async def _compound(self, node: syntax.Node) -> int:
        if isinstance(node, syntax.If):
            for condition, body in node.clauses:
                if await self._condition(condition) == 0:
                    return await self.sequence(body)
            return await self.sequence(node.otherwise) if node.otherwise else 0
        if isinstance(node, syntax.Loop):
            return await self._loop(node)
        if isinstance(node, syntax.For):
            return await self._for(node)
        if isinstance(node, syntax.Case):
            text = await self.expander.text(node.word)
            await self.process.work(len(text) * patterns.MATCHING_COST)
            return await self._case(node.items, text)
        if isinstance(node, syntax.ArithmeticCommand):
            return int(self.expander.evaluate(await self.expander.text(node.expression)) == 0)
        if isinstance(node, syntax.Conditional):
            return await self._conditional(node)
        if isinstance(node, syntax.CountingFor):
            return await self._counting(node)
        return 0

    async def _case(self, items: list[tuple[list[syntax.Word], syntax.Sequence, str]], text: str) -> int:
        status, falls = 0, False
        for choices, body, ending in items:
            matched = falls
            for choice in choices:
                matched = matched or patterns.matches(await self.expander.pattern(choice), text)
            if matched:
                status = await self.sequence(body)
                if ending in {";;", ""}:
                    return status
            falls = matched and ending == ";&"
        return status

    async def _conditional(self, node: syntax.Conditional) -> int:
        await self.process.work(COMMAND_COST)
        try:
            return 0 if await bash.Condition(self, node).value() else 1
        except ConditionError as error:
            await self.process.err(self.words.say(str(error)))
            return 2

    async def _counting(self, node: syntax.CountingFor) -> int:
        expander, status = self.expander, 0
        expander.evaluate(await expander.text(node.start))
        self.loops += 1
        try:
            while True:
                await self.process.work(COMMAND_COST)
                condition = await expander.text(node.condition)
                if condition.strip() and not expander.evaluate(condition):
                    return status
                try:
                    status = await self.sequence(node.body)
                except BreakLoop as leaving:
                    if self._leaves(leaving):
                        return 0
                expander.evaluate(await expander.text(node.step))
        finally:
            self.loops -= 1

    async def _condition(self, sequence: syntax.Sequence) -> int:
        self.checking += 1
        try:
            return await self.sequence(sequence)
        finally:
            self.checking -= 1

    async def _loop(self, node: syntax.Loop) -> int:
        status = 0
        self.loops += 1
        try:
            while True:
                await self.process.work(COMMAND_COST)
                try:
                    if (await self._condition(node.condition) == 0) == node.until:
                        return status
                    status = await self.sequence(node.body)
                except BreakLoop as leaving:
                    if self._leaves(leaving):
                        return 0
        finally:
            self.loops -= 1

    async def _for(self, node: syntax.For) -> int:
        values = self.parameters if node.words is None else await self.expander.fields(node.words)
        status = 0
        self.loops += 1
        try:
            for value in list(values):
                await self.process.work(COMMAND_COST)
                self.put(node.name, value)
                try:
                    status = await self.sequence(node.body)
                except BreakLoop as leaving:
                    if self._leaves(leaving):
                        return 0
        finally:
            self.loops -= 1
        return status

    @staticmethod
    def _leaves(leaving: BreakLoop) -> bool:
        """Tell whether this loop ends; raise on for outer ones."""
        if leaving.levels > 1:
            raise BreakLoop(leaving.levels - 1, again=leaving.again)
        return not leaving.again

    async def _redirected(self, node: syntax.Redirected) -> int:
        if isinstance(node.body, syntax.Subshell):
            inner = node.body

            async def body(shell: "Shell") -> int:
                if not await shell.redirector.apply(node.redirects):
                    return 1
                return await shell.sequence(inner.body, last=True)

            return await self.wait_for(await self.fork(body))
        async with self.redirector.during(node.redirects) as fine:
            return await self.node(node.body) if fine else 1

    # -- processes

    async def fork(
        self, body: "Callable[[Shell], Awaitable[int]]", prepare: Callable[[Process], None] | None = None
    ) -> Process:
        """Start a subshell.

        Raises:
            ExitProcess: the limit of processes is reached.
        """
        await self.process.work(FORK_COST)
        container = self.process.container
        if len(container.processes) >= container.config.limits.pids:
            await self.process.err(self.words.cannot_fork())
            raise ExitProcess(2)
        child = Process(container, list(self.process.argv), self.process.env, self.process.cwd, parent=self.process)
        child.inherit(self.process)
        if prepare is not None:
            prepare(child)
        child.memory_base = self.process.memory_base
        container.cgroup.set_memory(child, child.memory_base)
        shell = self._copy(child)
        child.run(shell.main(lambda: body(shell)))
        return child

    def _copy(self, process: Process) -> "Shell":
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

    async def wait_for(self, child: Process, command: str = "") -> int:
        """Wait for a child in the foreground; return its status."""
        code = int(await self.process.pause(child.wait()))
        self.process.rested()
        await self.mourn(child, command)
        return code

    async def mourn(self, child: Process, command: str, *, background: bool = False) -> None:
        """Say that a child has died of a signal."""
        if child.signal_number and child.signal_number not in {signals.SIGPIPE, signals.SIGINT}:
            word = signals.WORDS.get(child.signal_number, "")
            if word and not self.is_subshell:
                await self.process.err(self.words.died(child.pid, word, command, background=background))

    async def _pipeline(self, node: syntax.Pipeline) -> int:
        if len(node.commands) == 1:
            self.checking += 1
            try:
                status = await self.node(node.commands[0])
            finally:
                self.checking -= 1
            return int(status == 0) if node.negated else status
        children = await self._start_pipeline(node.commands)
        statuses = [await self.wait_for(child) for child in children]
        if self.words.flavour == "bash":
            self.arrays["PIPESTATUS"] = {at: str(code) for at, code in enumerate(statuses)}
        status = statuses[-1]
        if "pipefail" in self.options:
            status = next((code for code in reversed(statuses) if code), 0)
        return int(status == 0) if node.negated else status

    async def _start_pipeline(self, commands: list[syntax.Node]) -> list[Process]:
        children: list[Process] = []
        incoming: OpenFile | None = None
        for index, command in enumerate(commands):
            pipe = Pipe() if index < len(commands) - 1 else None
            outgoing = WriteEnd(pipe) if pipe is not None else None

            def prepare(child: Process, source: OpenFile | None = incoming, sink: OpenFile | None = outgoing) -> None:
                if source is not None:
                    child.set_fd(0, source)
                if sink is not None:
                    child.set_fd(1, sink)

            children.append(await self.fork(lambda shell, command=command: shell.node(command, last=True), prepare))  # type: ignore[misc]
            incoming = ReadEnd(pipe) if pipe is not None else None
        return children

    async def _start_background(self, node: syntax.Node) -> int:
        def prepare(child: Process) -> None:
            if self.process.terminal is None:
                child.set_fd(0, OpenFile())
                child.handlers[signals.SIGINT] = None

        if isinstance(node, syntax.Pipeline) and len(node.commands) > 1:
            child = (await self._start_pipeline(node.commands))[-1]
        else:
            child = await self.fork(lambda shell: shell.node(node, last=True), prepare)
        self.background = child
        self.jobs = [*[job for job in self.jobs if job.alive][-256:], child]
        self.job_texts = {job.pid: self.job_texts.get(job.pid, "") for job in self.jobs}
        self.job_texts[child.pid] = node.text if isinstance(node, syntax.Simple) else ""
        return 0

    async def substitute(self, body: syntax.Sequence, *, whole: bool = False) -> str:
        """Return the output of a command substitution, ``whole`` with its last line feeds."""
        pipe = Pipe()
        run = _reading(body) if self.words.flavour == "bash" else None
        child = await self.fork(
            run or (lambda shell: shell.sequence(body, last=True)), lambda process: process.set_fd(1, WriteEnd(pipe))
        )
        data = bytearray()
        while chunk := pipe.read_now() or await self.process.pause(pipe.read()):
            data += chunk
            await self.process.keep(len(data), TEXT_BYTES)
        pipe.close_reader()
        self.status = self.substituted = await self.wait_for(child)
        if data:
            await self.process.keep(self.memory, TEXT_BYTES)
        text = data.decode("utf-8", "surrogateescape").replace("\0", "")
        return text if whole else text.rstrip("\n")

    async def substitute_file(self, body: syntax.Sequence) -> str:
        """Return the path of a file with the output of a process substitution."""
        text = await self.substitute(body, whole=True)
        path = f"/tmp/sh-np.{self.process.pid}.{next(self._files)}"  # noqa: S108 - in the container
        self.process.files.write_file(path, text.encode("utf-8", "surrogateescape"))
        return path

    # -- simple commands

    async def simple(self, node: syntax.Simple, *, last: bool) -> int:
        """Run a simple command."""
        self.words.line = node.line
        await self.process.work(COMMAND_COST)
        self.substituted = 0
        words = await self.expander.fields(node.words)
        if not words:
            return await self._assign(node)
        await self._trace(node, words)
        builtin = self._builtin(words[0])
        function = self.functions.get(words[0])
        if builtin is not None and (builtin.special or function is None):
            return await self._run_builtin(builtin, node, words)
        if function is not None:
            return await self._call(function, node, words)
        return await self._external(node, words, last=last)

    async def _assign(self, node: syntax.Simple) -> int:
        for assignment in node.assignments:
            await bash.assign(self, assignment)
        if self.memory > MUCH:
            await self.process.keep(self.memory, TEXT_BYTES)
        async with self.redirector.during(node.redirects) as fine:
            return self.substituted if fine else 1

    async def _trace(self, node: syntax.Simple, words: list[str]) -> None:
        if "x" in self.options:
            from k8s_tutor.sim.runtime.shell.builtins import quote

            shown = [f"{each.name}={await self.expander.text(each.value)}" for each in node.assignments]
            await self.process.err(
                f"{self.get('PS4') or '+ '}{' '.join(shown + [quote(word, bare=True) for word in words])}\n"
            )

    def _builtin(self, name: str) -> "Builtin | None":
        if self.words.flavour == "bash":
            from k8s_tutor.sim.runtime.shell.bash_builtins import find_bash

            return find_bash(name)
        from k8s_tutor.sim.runtime.shell.builtins import find

        return find(name, self.words.flavour)

    async def _run_builtin(self, builtin: "Builtin", node: syntax.Simple, words: list[str]) -> int:
        saved: dict[str, str | None] = {}
        for assignment in node.assignments:
            if not builtin.special:
                saved[assignment.name] = self.get(assignment.name)
            await bash.assign(self, assignment)
        try:
            if words[0] == "exec":
                return await builtin.run(self, words[1:], node.redirects)
            async with self.redirector.during(node.redirects) as fine:
                if not fine:
                    if builtin.special and not self.interactive:
                        raise ExitProcess(2)
                    return 2 if self.words.flavour == "dash" else 1
                return await self._guarded(builtin, words)
        finally:
            for name, value in saved.items():
                self.unset(name) if value is None else self.put(name, value)

    async def _guarded(self, builtin: "Builtin", words: list[str]) -> int:
        try:
            return await builtin.run(self, words[1:])
        except BrokenPipeError:
            raise
        except OSError as error:
            await self.process.err(self.words.say(f"{words[0]}: {error.strerror}"))
            return 1

    async def _call(self, function: syntax.Node, node: syntax.Simple, words: list[str]) -> int:
        if self.calls >= MAX_CALLS:
            await self.process.err(self.words.say("maximum function recursion depth exceeded"))
            raise ExitProcess(2)
        for assignment in node.assignments:
            await bash.assign(self, assignment)
        saved, self.parameters = self.parameters, words[1:]
        loops, self.loops = self.loops, 0
        self.calls += 1
        self.enter_function()
        names = self.arrays.get("FUNCNAME")
        if self.words.flavour == "bash":
            self.arrays["FUNCNAME"] = dict(enumerate([words[0], *(names or {}).values()]))
        try:
            async with self.redirector.during(node.redirects) as fine:
                return await self.node(function) if fine else 1
        except ReturnFunction as leaving:
            return leaving.code
        finally:
            self.leave_function()
            if names is None:
                self.arrays.pop("FUNCNAME", None)
            else:
                self.arrays["FUNCNAME"] = names
            self.calls -= 1
            self.parameters, self.loops = saved, loops

    async def _external(self, node: syntax.Simple, words: list[str], *, last: bool) -> int:
        env = {each.name: await self.expander.text(each.value, assignment=True) for each in node.assignments}

        async def body(shell: "Shell") -> int:
            if not await shell.redirector.apply(node.redirects):
                return 1 if shell.words.flavour != "dash" else 2
            return await shell.execute(words, env)

        if last and not self.traps and self.process.terminal is None:
            return await body(self)
        return await self.wait_for(await self.fork(body), node.text)

    async def execute(self, words: list[str], env: dict[str, str], builtin: str = "") -> int:
        """Become another program; return the status if it cannot be executed, or when it has ended.

        Args:
            words: the command.
            env: variables for it alone.
            builtin: who complains if it is not found, if not the shell.
        """
        process = self.process
        path_text = env.get("PATH", self.get("PATH") or "")
        name = words[0]
        try:
            if not name:
                raise launching.NotFoundInPathError(name)
            path = launching.search(process.files, name, path_text, process.cwd, process.credentials)
            executable = launching.resolve(process.files, path, words, process.cwd, process.credentials)
        except launching.NotFoundInPathError:
            text = self.words.builtin(builtin, f"{name}: not found") if builtin else self.words.not_found(name)
            await process.err(text)
            return 127
        except OSError as error:
            if error.errno == fail(8).errno:
                return await self._script(path, words)
            missing = error.errno == 2
            text = "not found" if missing and self.words.flavour != "bash" else error.strerror or ""
            if error.errno == 21:
                text = "Permission denied" if self.words.flavour != "bash" else "Is a directory"
            await process.err(self.words.cannot_execute(name, text))
            return 127 if missing else 126
        process.env = {**self.exported(), **env}
        if _too_long(words, process.env):
            await process.err(self.words.cannot_execute(name, "Argument list too long"))
            return 126
        return await launching.replace(process, executable)

    async def _script(self, path: str, words: list[str]) -> int:
        """Run a text file without ``#!`` as a script of this shell."""
        process = self.process
        text = process.files.read_file(path, process.cwd, process.credentials).decode("utf-8", "replace")
        self.words = Words(self.words.flavour, path, script=True)
        self.parameters = words[1:]
        self.name = path
        return await self.run_text(text)

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


def _too_long(words: list[str], env: Mapping[str, str]) -> bool:
    """Tell whether execve would refuse arguments and environment (E2BIG)."""
    sizes = [len(word) for word in words] + [len(name) + len(value) + 1 for name, value in env.items()]
    return max(sizes) >= LONGEST_ARGUMENT or sum(sizes) >= LONGEST_ARGUMENTS


def _reading(body: syntax.Sequence) -> Callable[[Shell], Awaitable[int]] | None:
    """Return what runs bash's ``$(< file)``; None for any other substitution."""
    node = body.items[0][0] if len(body.items) == 1 else None
    if not isinstance(node, syntax.Simple) or node.words or node.assignments or len(node.redirects) != 1:
        return None
    redirects = node.redirects

    async def run(shell: Shell) -> int:
        if not await shell.redirector.apply(redirects):
            return 1
        while data := await shell.process.read(0):
            await shell.process.write(1, data)
        return 0

    return run if redirects[0].operator == "<" else None
