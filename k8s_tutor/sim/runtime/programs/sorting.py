"""Tools that order, choose and compare lines: sort, uniq, cut, comm, cmp, diff, shuf, split by need of all input."""

import asyncio
import difflib
import heapq
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.runtime.programs.options import applet, complain, gnu, parse, usage
from k8s_tutor.sim.runtime.programs.reading import inputs, lines_of, read_all
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

RUN = 2000
COMPARED_LINES = 4000  # beyond, what differs is not looked for: it takes time by the square


@program("sort")
async def sort(process: "Process") -> int:
    """Sort lines."""
    options, paths = await parse(
        process,
        "rnufbhiVcsgdM",
        "ktoST",
        {"reverse": "r", "numeric-sort": "n", "unique": "u", "key": "k", "field-separator": "t"},
    )
    failures: list[int] = []
    lines = [line.decode("utf-8", "surrogateescape") for line in await lines_of(process, paths, failures)]
    if failures:
        return 2
    specs = [word[2:] or process.argv[index + 1] for index, word in enumerate(process.argv) if word.startswith("-k")]

    def key(line: str) -> Any:
        if not specs:
            return _sort_key(line, set(options))
        return [
            _sort_key(_field(line, spec, options.get("t")), set(options) | set(re.sub(r"[\d,.]", "", spec)))
            for spec in specs
        ]

    reverse = "r" in options or (len(specs) == 1 and "r" in re.sub(r"[\d,.]", "", specs[0]))
    found = await _ordered(
        process, lines, lambda line: (key(line), line if "u" not in options else ""), reverse=reverse
    )
    if "c" in options:
        return 0 if found == lines else 1
    if "u" in options:
        kept: list[str] = []
        for line in found:
            if not kept or key(kept[-1]) != key(line):
                kept.append(line)
        found = kept
    if "o" in options:
        text = "".join(line + "\n" for line in found)
        process.files.write_file(
            options["o"], text.encode("utf-8", "surrogateescape"), process.cwd, process.credentials
        )
        return 0
    for at in range(0, len(found), RUN):
        await process.out("".join(line + "\n" for line in found[at : at + RUN]))
    return 0


async def _ordered(process: "Process", lines: list[str], key: Callable[[str], Any], *, reverse: bool) -> list[str]:
    """Sort in runs that are merged, so that others are served in between."""
    runs = []
    for at in range(0, len(lines), RUN):
        runs.append(sorted(lines[at : at + RUN], key=key, reverse=reverse))
        await process.work(RUN * 2e-6)
    if len(runs) < 2:
        return runs[0] if runs else []
    found = []
    for line in heapq.merge(*runs, key=key, reverse=reverse):
        found.append(line)
        if len(found) % 256 == 0:
            await process.work(256 * 1e-6)
    return found


def _field(line: str, spec: str, separator: str | None) -> str:
    start, _, end = spec.partition(",")
    first = int(re.match(r"\d+", start)[0]) if re.match(r"\d+", start) else 1  # type: ignore[index]
    fields = line.split(separator) if separator else re.findall(r"\s*\S+", line)
    number = re.match(r"\d+", end)
    last = int(number[0]) if number else len(fields)
    return (separator or "").join(fields[first - 1 : last])


def _sort_key(text: str, flags: set[str]) -> Any:
    if "n" in flags or "g" in flags:
        match = re.match(r"\s*(-?\d*\.?\d+)", text)
        return float(match[1]) if match else 0.0
    if "h" in flags:
        match = re.match(r"\s*(-?\d*\.?\d+)([KMGT]?)", text)
        return float(match[1]) * 1024 ** " KMGT".index(match[2] or " ") if match else 0.0
    if "V" in flags:
        return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in re.findall(r"\d+|\D+", text)]
    if "b" in flags:
        text = text.lstrip()
    return text.lower() if "f" in flags else text


@program("uniq")
async def uniq(process: "Process") -> int:
    """Join equal lines that follow each other."""
    options, paths = await parse(process, "cdui", "fsw")
    failures: list[int] = []
    last: bytes | None = None
    count = 0

    async def show() -> None:
        if last is not None and not ("d" in options and count < 2) and not ("u" in options and count > 1):
            await process.write(1, (f"{count:7} ".encode() if "c" in options else b"") + last + b"\n")

    async for source in inputs(process, paths[:1], failures):
        async for raw in source.lines():
            line = raw.removesuffix(b"\n")
            if last is not None and (last == line or ("i" in options and last.lower() == line.lower())):
                count += 1
                continue
            await show()
            last, count = line, 1
    await show()
    return 1 if failures else 0


@program("cut")
async def cut(process: "Process") -> int:
    """Print parts of lines."""
    options, paths = await parse(process, "sn", "dfcb", {"delimiter": "d", "fields": "f", "characters": "c"})
    spec = options.get("f") or options.get("c") or options.get("b")
    if not spec:
        return await usage(process, "you must specify a list of bytes, characters, or fields")
    mark = (options.get("d") or "\t")[:1]
    failures: list[int] = []
    async for source in inputs(process, paths, failures):
        async for raw in source.lines():
            line = raw.rstrip(b"\n").decode("utf-8", "surrogateescape")
            if "f" in options:
                if mark not in line:
                    if "s" not in options:
                        await process.out(line + "\n")
                    continue
                await process.out(mark.join(_chosen(line.split(mark), spec)) + "\n")
            else:
                await process.out("".join(_chosen(list(line), spec)) + "\n")
    return 1 if failures else 0


def _chosen(items: list[str], spec: str) -> list[str]:
    wanted: set[int] = set()
    for part in spec.split(","):
        low, dash, high = part.partition("-")
        start = int(low) if low else 1
        end = int(high) if high else (len(items) if dash else start)
        wanted.update(range(start, min(end, len(items)) + 1))
    return [item for index, item in enumerate(items, 1) if index in wanted]


@program("comm")
async def comm(process: "Process") -> int:
    """Compare sorted files line by line."""
    options, paths = await parse(process, "123")
    if len(paths) != 2:
        return await usage(process, "[-123] FILE1 FILE2")
    failures: list[int] = []
    first, second = await lines_of(process, paths[:1], failures), await lines_of(process, paths[1:], failures)
    while first or second:
        if not second or (first and first[0] < second[0]):
            column, line = 1, first.pop(0)
        elif not first or second[0] < first[0]:
            column, line = 2, second.pop(0)
        else:
            column, line = 3, first.pop(0)
            second.pop(0)
        if str(column) not in options:
            tabs = sum(str(number) not in options for number in range(1, column))
            await process.write(1, b"\t" * tabs + line + b"\n")
    return 1 if failures else 0


@program("cmp", "diff")
async def compare(process: "Process") -> int:
    """Compare two files."""
    options, paths = await parse(process, "sqluNrabBw", "U", {"unified": "u", "brief": "q"})
    if len(paths) < 2:
        return await usage(process, "FILE1 FILE2", 2)
    failures: list[int] = []
    first, second = await read_all(process, paths[:1], failures), await read_all(process, paths[1:2], failures)
    if failures:
        return 2
    if first == second:
        return 0
    if applet(process) == "cmp":
        at = next(
            (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
        )
        if "s" not in options:
            await process.out(f"{paths[0]} {paths[1]} differ: char {at + 1}, line {first[:at].count(10) + 1}\n")
        return 1
    if "q" in options:
        await process.out(f"Files {paths[0]} and {paths[1]} differ\n")
        return 1
    old, new = first.decode("utf-8", "replace").splitlines(), second.decode("utf-8", "replace").splitlines()
    if len(old) + len(new) > COMPARED_LINES:
        await process.out(f"Files {paths[0]} and {paths[1]} differ\n")
        return 1
    await process.work((len(old) + len(new)) * 1e-5)
    if options.keys() & {"u", "U"} or not gnu(process):
        around = int(options.get("U") or 3)
        shown = await asyncio.to_thread(
            lambda: [line + "\n" for line in difflib.unified_diff(old, new, paths[0], paths[1], lineterm="", n=around)]
        )
        await process.out("".join(shown))
    else:
        await process.out(await asyncio.to_thread(_classic, old, new))
    return 1


def _classic(old: list[str], new: list[str]) -> str:
    found: list[str] = []

    def span(low: int, high: int) -> str:
        return str(low + 1) if high - low == 1 else f"{low + 1},{high}"

    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        letter = {"replace": "c", "delete": "d", "insert": "a"}[tag]
        left = span(a, b) if tag != "insert" else str(a)
        right = span(c, d) if tag != "delete" else str(c)
        found.append(f"{left}{letter}{right}\n")
        found.extend(f"< {line}\n" for line in old[a:b])
        if tag == "replace":
            found.append("---\n")
        found.extend(f"> {line}\n" for line in new[c:d])
    return "".join(found)


@program("shuf")
async def shuf(process: "Process") -> int:
    """Print lines in another order (the same one for the same input)."""
    import random

    options, paths = await parse(process, "er", "ni")
    failures: list[int] = []
    if "i" in options:
        low, _, high = options["i"].partition("-")
        lines = [str(number).encode() for number in range(int(low), int(high) + 1)]
    elif "e" in options:
        lines = [path.encode() for path in paths]
    else:
        lines = await lines_of(process, paths, failures)
    random.Random(process.pid).shuffle(lines)
    await process.write(1, b"".join(line + b"\n" for line in lines[: int(options.get("n", len(lines)))]))
    return 0


@program("split")
async def split(process: "Process") -> int:
    """Cut input into files."""
    options, operands = await parse(process, "d", "lba")
    failures: list[int] = []
    prefix = operands[1] if len(operands) > 1 else "x"
    data = await read_all(process, operands[:1], failures)
    if "b" in options:
        from k8s_tutor.sim.runtime.programs.options import size

        step = size(options["b"])
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
    else:
        step = int(options.get("l", "1000"))
        lines = data.splitlines(keepends=True)
        pieces = [b"".join(lines[at : at + step]) for at in range(0, len(lines), step)]
    for index, piece in enumerate(pieces):
        name = f"{prefix}{chr(97 + index // 26)}{chr(97 + index % 26)}"
        try:
            process.files.write_file(name, piece, process.cwd, process.credentials)
        except OSError as error:
            return await complain(process, name, error)
    return 0
