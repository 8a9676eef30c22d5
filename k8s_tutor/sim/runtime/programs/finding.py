"""``find``: walks directories and evaluates an expression on each file."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.nodes import Directory, Node
from k8s_tutor.sim.runtime.programs.options import complain
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.running import run_command
from k8s_tutor.sim.runtime.shell import patterns

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Test = Callable[[str, Node], Awaitable[bool]]


class Expression:
    """Parses find's expression into one test."""

    def __init__(self, process: "Process", words: list[str]) -> None:
        self._process, self._words, self._at = process, words, 0
        self.max_depth, self.min_depth, self.depth_first = 10**6, 0, False
        self._acts = False
        self.batches: list[tuple[list[str], list[str]]] = []
        self.pruned: set[str] = set()

    def whole(self) -> Test:
        """Return the test; without an action it prints."""
        test = self._or() if self._words else self._always
        if self._at < len(self._words):
            raise ValueError(self._words[self._at])
        if self._acts:
            return test

        async def printing(path: str, node: Node) -> bool:
            if await test(path, node):
                await self._process.out(path + "\n")
            return True

        return printing

    @staticmethod
    async def _always(path: str, node: Node) -> bool:
        del path, node
        return True

    def _look(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._look()
        if not word:
            raise ValueError("missing argument")
        self._at += 1
        return word

    def _or(self) -> Test:
        tests = [self._and()]
        while self._look() in {"-o", "-or"}:
            self._at += 1
            tests.append(self._and())
        if len(tests) == 1:
            return tests[0]

        async def either(path: str, node: Node) -> bool:
            for test in tests:
                if await test(path, node):
                    return True
            return False

        return either

    def _and(self) -> Test:
        tests = [self._not()]
        while self._look() and self._look() not in {"-o", "-or", ")"}:
            if self._look() in {"-a", "-and"}:
                self._at += 1
            tests.append(self._not())

        async def both(path: str, node: Node) -> bool:
            for test in tests:
                if not await test(path, node):
                    return False
            return True

        return both

    def _not(self) -> Test:
        if self._look() in {"!", "-not"}:
            self._at += 1
            inner = self._not()

            async def negated(path: str, node: Node) -> bool:
                return not await inner(path, node)

            return negated
        if self._look() == "(":
            self._at += 1
            inner = self._or()
            if self._next() != ")":
                raise ValueError("(")
            return inner
        return self._primary()

    def _primary(self) -> Test:
        word = self._next()
        if word in {"-maxdepth", "-mindepth"}:
            setattr(self, "max_depth" if word == "-maxdepth" else "min_depth", int(self._next()))
            return self._always
        if word in {"-depth", "-xdev", "-mount", "-follow"}:
            self.depth_first |= word == "-depth"
            return self._always
        if word in {"-print", "-print0", "-delete", "-exec", "-ok", "-ls", "-quit", "-prune", "-printf"}:
            return self._action(word)
        argument = "" if word == "-empty" else self._next()
        check = self._check(word, argument)

        async def test(path: str, node: Node) -> bool:
            return check(path, node)

        return test

    def _check(self, word: str, argument: str) -> Callable[[str, Node], bool]:
        now = self._process.container.clock.now()
        sign, number = argument[:1], argument.lstrip("+-")

        def compare(value: float, wanted: float) -> bool:
            return value > wanted if sign == "+" else value < wanted if sign == "-" else value == wanted

        if word == "-size":
            unit = {"c": 1, "k": 1024, "M": 1 << 20, "G": 1 << 30}.get(number[-1:], 512)
            count = int(re.match(r"\d+", number)[0])  # type: ignore[index]
            return lambda _, node: compare(-(-node.size // unit), count)
        table: dict[str, Callable[[str, Node], bool]] = {
            "-name": lambda path, _: patterns.matches(argument, path.rstrip("/").rsplit("/", 1)[-1] or "/"),
            "-iname": lambda path, _: patterns.matches(argument.lower(), path.rsplit("/", 1)[-1].lower()),
            "-path": lambda path, _: patterns.matches(argument, path),
            "-type": lambda _, node: node.kind == ("-" if argument == "f" else argument),
            "-empty": lambda _, node: not (node.names() if isinstance(node, Directory) else node.size),
            "-mtime": lambda _, node: compare((now - node.mtime) // 86400, int(number)),
            "-mmin": lambda _, node: compare((now - node.mtime) // 60, int(number)),
            "-perm": lambda _, node: (
                (node.mode & 0o7777) == int(number, 8)
                if sign not in {"-", "/"}
                else node.mode & int(number.lstrip("/"), 8) == int(number.lstrip("/"), 8)
            ),
            "-user": lambda _, node: str(node.uid) == argument or (argument == "root" and node.uid == 0),
            "-newer": lambda _, node: node.mtime > self._process.files.get(argument, self._process.cwd).mtime,
        }
        if word not in table:
            raise ValueError(word)
        return table[word]

    def _action(self, word: str) -> Test:
        process = self._process
        self._acts |= word != "-prune"
        if word in {"-exec", "-ok"}:
            return self._execute()
        pattern = self._next() if word == "-printf" else ""
        self.depth_first |= word == "-delete"

        async def act(path: str, node: Node) -> bool:
            if word == "-print":
                await process.out(path + "\n")
            elif word == "-print0":
                await process.out(path + "\0")
            elif word == "-printf":
                text = pattern.replace("%p", path).replace("%f", path.rsplit("/", 1)[-1]).replace("%s", str(node.size))
                await process.out(text.replace("\\n", "\n").replace("\\t", "\t"))
            elif word == "-ls":
                await process.out(f"{node.inode:9} {node.size // 1024:6} {path}\n")
            elif word == "-prune":
                self.pruned.add(path)
            elif word == "-delete" and path != ".":
                process.files.remove_tree(path, process.cwd, process.credentials)
            return True

        return act

    def _execute(self) -> Test:
        command: list[str] = []
        while (word := self._next()) not in {";", "+"}:
            command.append(word)
        if word == "+":
            batch: list[str] = []
            self.batches.append((command, batch))

            async def collect(path: str, node: Node) -> bool:
                del node
                batch.append(path)
                return True

            return collect

        async def execute(path: str, node: Node) -> bool:
            del node
            return await run_command(self._process, [part.replace("{}", path) for part in command]) == 0

        return execute


@program("find")
async def find(process: "Process") -> int:
    """Find files."""
    words = process.argv[1:]
    paths: list[str] = []
    while words and not words[0].startswith("-") and words[0] not in {"(", "!"}:
        paths.append(words.pop(0))
    expression = Expression(process, words)
    try:
        test = expression.whole()
    except ValueError as error:
        await process.err(f"find: unrecognized: {error}\n")
        return 1
    process.container.current = process
    status = 0
    for path in paths or ["."]:
        try:
            node = process.files.get(path, process.cwd, follow=False, who=process.credentials)
        except OSError as error:
            status = await complain(process, path, error, "{path}: {error}", "'{path}': {error}")
            continue
        status = max(status, await _walk(process, expression, test, path, node, 0))
    for command, batch in expression.batches:
        if batch:
            at = command.index("{}") if "{}" in command else len(command)
            status = max(status, await run_command(process, [*command[:at], *batch, *command[at + 1 :]]))
    return status


async def _walk(process: "Process", expression: Expression, test: Test, path: str, node: Node, depth: int) -> int:
    await process.work(1e-5)
    status = 0
    wanted = depth >= expression.min_depth
    if wanted and not expression.depth_first:
        await test(path, node)
    if isinstance(node, Directory) and depth < expression.max_depth and path not in expression.pruned:
        try:
            children = list(process.files.list(path, process.cwd, process.credentials))
        except OSError as error:
            children = []
            status = await complain(process, path, error, "{path}: {error}", "'{path}': {error}")
        for name, child in children:
            inner = f"{path}{name}" if path.endswith("/") else f"{path}/{name}"
            status = max(status, await _walk(process, expression, test, inner, child, depth + 1))
    if wanted and expression.depth_first:
        await test(path, node)
    return status
