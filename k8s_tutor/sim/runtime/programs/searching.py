"""``grep``: lines that match, in files and directories."""

import re
from collections import deque
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.backtracking import limited
from k8s_tutor.sim.runtime.nodes import Directory, File
from k8s_tutor.sim.runtime.programs.options import applet, parse, usage
from k8s_tutor.sim.runtime.programs.reading import Input, inputs
from k8s_tutor.sim.runtime.programs.regexes import to_python
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("grep", "egrep", "fgrep")
async def grep(process: "Process") -> int:
    """Print the lines that match."""
    options, operands = await parse(
        process,
        "EFGivnclLqsrRowxhHaPz",
        "emABCf",
        {
            "ignore-case": "i",
            "invert-match": "v",
            "count": "c",
            "line-number": "n",
            "quiet": "q",
            "recursive": "r",
            "extended-regexp": "E",
            "fixed-strings": "F",
            "only-matching": "o",
            "word-regexp": "w",
            "color": "a",
            "files-with-matches": "l",
            "no-filename": "h",
            "max-count": "m",
            "silent": "q",
        },
    )
    patterns = [options["e"]] if "e" in options else [operands.pop(0)] if operands else []
    if not patterns:
        return await usage(process, "[OPTIONS]... PATTERN [FILE]...", 2)
    name = applet(process)
    regex = _regex(
        patterns[0],
        fixed="F" in options or name == "fgrep",
        extended="E" in options or name == "egrep" or "P" in options,
        options=options,
    )
    if regex is None:
        await process.err(f"{name}: bad regex '{patterns[0]}'\n")
        return 2
    recursive = bool(options.keys() & {"r", "R"})
    paths = _walk(process, operands or ["."]) if recursive else operands
    named = ("H" in options or len(paths) > 1 or recursive) and "h" not in options
    failures: list[int] = []
    found = False
    async for source in inputs(process, paths, failures, busybox="{path}: {error}"):
        if await _grep(process, source, regex, options, f"{source.name}:" if named else ""):
            found = True
            if "q" in options:
                return 0
    return 2 if failures else 0 if found else 1


def _walk(process: "Process", paths: list[str]) -> list[str]:
    files, found = process.files, []
    for path in paths:
        node = files.find(path, process.cwd).node if files.exists(path, process.cwd) else None
        if isinstance(node, Directory):
            children = [
                f"{path.rstrip('/')}/{name}"
                for name, child in files.list(path, process.cwd)
                if isinstance(child, Directory | File)
            ]
            found.extend(_walk(process, children))
        else:
            found.append(path)
    return found


def _regex(pattern: str, *, fixed: bool, extended: bool, options: dict[str, str]) -> re.Pattern[str] | None:
    alternatives = [re.escape(line) if fixed else to_python(line, extended=extended) for line in pattern.split("\n")]
    text = "|".join(f"(?:{line})" for line in alternatives)
    if "w" in options:
        text = rf"(?<!\w)(?:{text})(?!\w)"
    if "x" in options:
        text = rf"\A(?:{text})\Z"
    try:
        return re.compile(text, re.IGNORECASE if "i" in options else 0)
    except re.error:
        return None


async def _grep(
    process: "Process", source: Input, regex: re.Pattern[str], options: dict[str, str], prefix: str
) -> bool:
    count = number = 0
    limit = int(options["m"]) if "m" in options else None
    before = deque[tuple[int, str]](maxlen=int(options.get("B", options.get("C", "0"))) or None)
    keep_before = int(options.get("B", options.get("C", "0")))
    after = int(options.get("A", options.get("C", "0")))
    owed = shown = 0
    quiet = bool(options.keys() & {"q", "c", "l", "L"})
    async for raw in source.lines():
        number += 1
        await process.work(1e-6)
        line = raw.rstrip(b"\n").decode("utf-8", "surrogateescape")
        with limited(regex.pattern, line):
            matched = regex.search(line) is not None
        if matched == ("v" in options):
            if owed > 0 and not quiet:
                owed -= 1
                shown = number
                await process.out(f"{prefix.replace(':', '-')}{f'{number}-' if 'n' in options else ''}{line}\n")
            elif keep_before:
                before.append((number, line))
            continue
        count += 1
        if "q" in options:
            return True
        if not quiet:
            if (keep_before or after) and shown and number - len(before) > shown + 1:
                await process.out("--\n")
            for old, text in before:
                await process.out(f"{prefix.replace(':', '-')}{f'{old}-' if 'n' in options else ''}{text}\n")
            before.clear()
            place = prefix + (f"{number}:" if "n" in options else "")
            if "o" in options:
                with limited(regex.pattern, line):
                    matches = list(regex.finditer(line))
                for match in matches:
                    if match[0]:
                        await process.out(f"{place}{match[0]}\n")
            else:
                await process.out(f"{place}{line}\n")
            shown, owed = number, after
        if limit is not None and count >= limit:
            break
    if "c" in options:
        await process.out(f"{prefix}{count}\n")
    if ("l" in options and count) or ("L" in options and not count):
        await process.out(("(standard input)" if source.name == "-" else source.name) + "\n")
    return count > 0
