"""Text tools that stream: cat, head, tail, wc, tee, tr, grep, yes, seq and the like."""

import re
from collections import deque
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.descriptors import RegularFile
from k8s_tutor.sim.runtime.opening import open_to_read, open_to_write
from k8s_tutor.sim.runtime.programs.options import applet, complain, gnu, parse, size, usage
from k8s_tutor.sim.runtime.programs.reading import Input, inputs, lines_of, read_all
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("cat")
async def cat(process: "Process") -> int:
    """Copy inputs to standard output."""
    options, paths = await parse(process, "nbuvAeEt", long={"number": "n"})
    failures: list[int] = []
    number = 0
    async for source in inputs(process, paths, failures):
        if not options.keys() & set("nbveAEt"):
            while data := await source.read():
                await process.write(1, data)
            continue
        async for raw in source.lines():
            line = raw
            if "n" in options or ("b" in options and line.strip(b"\n")):
                number += 1
                await process.write(1, f"{number:6}\t".encode())
            if options.keys() & set("AEe"):
                line = line.replace(b"\n", b"$\n")
            if options.keys() & set("At"):
                line = line.replace(b"\t", b"^I")
            await process.write(1, line)
    return 1 if failures else 0


def _count(options: dict[str, str]) -> tuple[int, bool, str]:
    """Return number, whether it counts bytes, and its sign."""
    text = options.get("c", options.get("n", "10"))
    sign = text[:1] if text[:1] in {"+", "-"} else ""
    return size(text[len(sign) :]), "c" in options, sign


def _old_style(process: "Process") -> None:
    """Turn ``-5`` into ``-n 5``, but not where it is the value of the option before."""
    words = process.argv
    process.argv = [
        f"-n{word[1:]}" if re.fullmatch(r"-\d+", word) and before not in {"-n", "-c", "--lines", "--bytes"} else word
        for before, word in zip(["", *words], words, strict=False)
    ]


@program("head")
async def head(process: "Process") -> int:
    """Print the beginning."""
    _old_style(process)
    options, paths = await parse(process, "qv", "nc", {"lines": "n", "bytes": "c"})
    count, by_bytes, sign = _count(options)
    failures: list[int] = []
    first = True
    async for source in inputs(process, paths, failures, gnu_text="cannot open '{path}' for reading: {error}"):
        if len(paths) > 1 and "q" not in options:
            await process.out(f"{'' if first else chr(10)}==> {source.name} <==\n")
        first = False
        if sign == "-":
            lines = [line async for line in source.lines()]
            await process.write(1, b"".join(lines[: len(lines) - count]))
        elif by_bytes:
            left = count
            while left > 0 and (data := await source.read(min(left, 65536))):
                await process.write(1, data)
                left -= len(data)
        else:
            await _head_lines(process, source, count)
    return 1 if failures else 0


async def _head_lines(process: "Process", source: Input, count: int) -> None:
    while count > 0 and (data := await source.read()):
        lines = data.split(b"\n", count)
        if len(lines) > count:
            source.unread(lines[-1])
            await process.write(1, data[: len(data) - len(lines[-1])])
            return
        await process.write(1, data)
        count -= len(lines) - 1


@program("tail")
async def tail(process: "Process") -> int:
    """Print the end, and what is added (-f)."""
    _old_style(process)
    options, paths = await parse(process, "fFqv", "ncs", {"follow": "f", "lines": "n", "bytes": "c"})
    count, by_bytes, sign = _count(options)
    failures: list[int] = []
    first = True
    async for source in inputs(process, paths, failures, gnu_text="cannot open '{path}' for reading: {error}"):
        if len(paths) > 1 and "q" not in options:
            await process.out(f"{'' if first else chr(10)}==> {source.name} <==\n")
        first = False
        if sign == "+":
            data = await source.whole()
            rest = data[max(0, count - 1) :] if by_bytes else b"".join(_lines(data)[max(0, count - 1) :])
            await process.write(1, rest)
        else:
            await _last(process, source, count, by_bytes=by_bytes)
    if failures and (len(failures) == len(paths) or not paths):
        return 1
    if options.keys() & {"f", "F"} and paths:
        await _follow(process, paths)
    return 1 if failures else 0


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


async def _last(process: "Process", source: Input, count: int, *, by_bytes: bool) -> None:
    """Print the last lines or bytes; what must be kept for it takes memory (``tail /dev/zero``)."""
    kept: deque[bytes] = deque()
    held = feeds = 0
    while data := await source.read():
        kept.append(data)
        held += len(data)
        feeds += data.count(b"\n")
        while len(kept) > 1 and (held - len(kept[0]) >= count if by_bytes else feeds - kept[0].count(b"\n") > count):
            gone = kept.popleft()
            held -= len(gone)
            feeds -= gone.count(b"\n")
        if held > 1 << 17:
            await process.keep(held)
    if not kept or not count:
        return
    if by_bytes:
        kept[0] = kept[0][max(0, held - count) :]
    else:
        surplus = feeds + (not kept[-1].endswith(b"\n")) - count
        if surplus > 0:
            kept[0] = kept[0].split(b"\n", surplus)[-1]
    for data in kept:
        await process.write(1, data)


async def _follow(process: "Process", paths: list[str]) -> None:
    """Print what is added to files, looking every second."""
    files = []
    for path in paths:
        try:
            file = open_to_read(process, path)
        except OSError:
            continue
        while file.read_now():
            pass
        files.append((path, file))
    while True:
        await process.sleep(1)
        for _, file in files:
            while data := file.read_now():
                await process.write(1, data)
        process.rested()


@program("wc")
async def wc(process: "Process") -> int:
    """Count lines, words, bytes."""
    options, paths = await parse(process, "clwmL", long={"lines": "l", "words": "w", "bytes": "c", "chars": "m"})
    shown = [letter for letter in "lwcm" if letter in options] or ["l", "w", "c"]
    failures: list[int] = []
    rows: list[tuple[dict[str, int], str]] = []
    async for source in inputs(process, paths, failures):
        counts = {"l": 0, "w": 0, "c": 0, "m": 0}
        in_word = False
        while data := await source.read():
            counts["l"] += data.count(b"\n")
            counts["c"] += len(data)
            if "w" in shown or "m" in shown:
                counts["w"] += len(data.split()) - (1 if in_word and data[:1].strip() else 0)
                in_word = bool(data[-1:].strip())
                counts["m"] += len(data.decode("utf-8", "replace"))
        rows.append((counts, "" if source.name == "-" and not paths else source.name))
    if len(rows) > 1:
        rows.append(({key: sum(counts[key] for counts, _ in rows) for key in "lwcm"}, "total"))
    total = max((counts["c"] for counts, _ in rows), default=0)
    for counts, name in rows:
        numbers = [counts[letter] for letter in shown]
        if gnu(process):
            width = (
                max(len(str(total)), 7 if _size_unknown(process, paths) and len(shown) > 1 else 1)
                if len(shown) > 1 or len(rows) > 1
                else 1
            )
            text = " ".join(f"{number:{width}}" for number in numbers)
        elif len(shown) == 1:
            text = str(numbers[0])
        else:
            text = " ".join(f"{number:9}" for number in numbers)
        await process.out(text + (f" {name}" if name else "") + "\n")
    return 1 if failures else 0


def _size_unknown(process: "Process", paths: list[str]) -> bool:
    """Tell whether an input is no regular file: GNU's columns are wide then."""
    return not paths and not isinstance(process.fds[0], RegularFile)


@program("tee")
async def tee(process: "Process") -> int:
    """Copy standard input to files and standard output."""
    options, paths = await parse(process, "ai", long={"append": "a"})
    status = 0
    numbers = []
    for index, path in enumerate(paths):
        try:
            process.set_fd(10 + index, open_to_write(process, path, append="a" in options))
            numbers.append(10 + index)
        except OSError as error:
            status = await complain(process, path, error)
    while data := await process.read(0):
        await process.write(1, data)
        for number in numbers:
            await process.write(number, data)
    return status


@program("yes")
async def yes(process: "Process") -> int:
    """Print a line again and again."""
    line = (" ".join(process.argv[1:]) or "y").encode() + b"\n"
    block = line * max(1, 65536 // len(line))
    while True:
        await process.write(1, block)
        await process.work(len(block) * 2e-9)


@program("tr")
async def tr(process: "Process") -> int:
    """Translate or delete characters."""
    options, sets = await parse(process, "cCdst", long={"delete": "d", "squeeze-repeats": "s", "complement": "c"})
    if not sets:
        return await usage(process, "missing operand")
    first = _set(sets[0])
    second = _set(sets[1]) if len(sets) > 1 else b""
    if options.keys() & {"c", "C"}:
        first = bytes(byte for byte in range(256) if byte not in first)
    delete = first if "d" in options else b""
    table = bytearray(range(256))
    if second and "d" not in options:
        for index, byte in enumerate(first):
            table[byte] = second[min(index, len(second) - 1)]
    squeeze = set(second or first) if "s" in options else set()
    last = -1
    while data := await process.read(0):
        data = data.translate(bytes(table), delete)
        if squeeze:
            kept = bytearray()
            for byte in data:
                if byte != last or byte not in squeeze:
                    kept.append(byte)
                last = byte
            data = bytes(kept)
        await process.write(1, data)
    return 0


def _set(text: str) -> bytes:
    from k8s_tutor.sim.runtime.programs.printing import escapes

    classes = {
        "alpha": (65, 91, 97, 123),
        "digit": (48, 58),
        "alnum": (48, 58, 65, 91, 97, 123),
        "upper": (65, 91),
        "lower": (97, 123),
        "space": (9, 14, 32, 33),
        "blank": (9, 10, 32, 33),
        "cntrl": (0, 32, 127, 128),
        "punct": (33, 48, 58, 65, 91, 97, 123, 127),
        "print": (32, 127),
        "graph": (33, 127),
        "xdigit": (48, 58, 65, 71, 97, 103),
    }
    found = bytearray()
    at = 0
    data, _ = escapes(text, echo=False)
    while at < len(data):
        match = re.match(rb"\[:(\w+):\]", data[at:])
        if match:
            bounds = classes.get(match[1].decode(), ())
            for low, high in zip(bounds[::2], bounds[1::2], strict=True):
                found.extend(range(low, high))
            at += match.end()
        elif data[at + 1 : at + 2] == b"-" and at + 2 < len(data):
            found.extend(range(data[at], data[at + 2] + 1))
            at += 3
        else:
            found.append(data[at])
            at += 1
    return bytes(found)


@program("seq")
async def seq(process: "Process") -> int:
    """Print numbers."""
    separator, width, numbers = "\n", False, []
    rest = process.argv[1:]
    while rest:
        word = rest.pop(0)
        if word.startswith("-s"):
            separator = word[2:] or rest.pop(0)
        elif word == "-w":
            width = True
        else:
            numbers.append(word)
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        await process.err(f"seq: invalid floating point argument: '{numbers[-1]}'\n")
        return 1
    if not values or len(values) > 3:
        return await usage(process, "[-w] [-s SEP] [FIRST [INC]] LAST")
    first, step, last = {
        1: (1.0, 1.0, values[0]),
        2: (values[0], 1.0, values[-1]),
        3: (values[0], values[min(1, len(values) - 1)], values[-1]),
    }[len(values)]
    digits = max((len(number.partition(".")[2]) for number in numbers), default=0)
    size_ = max(len(f"{first:.{digits}f}"), len(f"{last:.{digits}f}")) if width else 0
    buffer: list[str] = []
    index = 0
    while step and (
        (step > 0 and first + index * step <= last + 1e-9) or (step < 0 and first + index * step >= last - 1e-9)
    ):
        buffer.append(f"{first + index * step:0{size_}.{digits}f}")
        index += 1
        if len(buffer) >= 4096:
            await process.out(separator.join(buffer) + separator)
            buffer.clear()
    if buffer or index:
        text = separator.join(buffer) + "\n" if buffer else ""
        await process.out(text)
    return 0


@program("rev", "tac", "nl", "paste", "fold", "expand", "unexpand", "strings")
async def reshape(process: "Process") -> int:
    """Small tools that need all their input."""
    name = applet(process)
    tabs = "t" if name in {"expand", "unexpand"} else ""
    options, paths = await parse(process, "sabti" if not tabs else "ai", f"dwvn{tabs}")
    failures: list[int] = []
    if name == "paste":
        return await _paste(process, options, paths)
    lines = [line.decode("utf-8", "surrogateescape") for line in await lines_of(process, paths, failures)]
    if name == "rev":
        lines = [line[::-1] for line in lines]
    elif name == "tac":
        lines = lines[::-1]
    elif name == "nl":
        number = 0
        numbered = []
        for line in lines:
            number += bool(line)
            numbered.append(f"{number:6}\t{line}" if line else "       ")
        lines = numbered
    elif name == "fold":
        width = int(options.get("w", "80"))
        lines = [line[at : at + width] for line in lines for at in range(0, max(1, len(line)), width)]
    elif name == "expand":
        lines = [line.expandtabs(int(options.get("t", "8") or 8)) for line in lines]
    elif name == "strings":
        lines = [found for line in lines for found in re.findall(r"[ -~\t]{4,}", line)]
    await process.out("".join(line + "\n" for line in lines))
    return 1 if failures else 0


async def _paste(process: "Process", options: dict[str, str], paths: list[str]) -> int:
    failures: list[int] = []
    columns = []
    for path in paths or ["-"]:
        data = (await read_all(process, [path], failures)).decode("utf-8", "surrogateescape")
        columns.append(data.splitlines())
    marks = options.get("d", "\t") or "\t"
    if "s" in options:
        for column in columns:
            await process.out(marks[0].join(column) + "\n")
        return 0
    for index in range(max((len(column) for column in columns), default=0)):
        row = [column[index] if index < len(column) else "" for column in columns]
        await process.out(marks[0].join(row) + "\n")
    return 0
