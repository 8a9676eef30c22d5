"""Digests and encodings: md5sum, sha1sum, sha256sum, sha512sum, cksum, sum, base64, xxd, hexdump, od."""

import base64 as encoding
import hashlib
import zlib
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs.options import applet, gnu, parse
from k8s_tutor.sim.runtime.programs.reading import inputs, read_all
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("md5sum", "sha1sum", "sha256sum", "sha512sum")
async def digest(process: "Process") -> int:
    """Print or check (-c) digests."""
    options, paths = await parse(process, "cbtws")
    name = applet(process).removesuffix("sum")
    failures: list[int] = []
    if "c" in options:
        return await _check(process, name, paths)
    async for source in inputs(process, paths, failures):
        state = hashlib.new(name, usedforsecurity=False)
        while data := await source.read():
            state.update(data)
            await process.work(len(data) * 3e-9)
        await process.out(f"{state.hexdigest()}  {source.name}\n")
    return 1 if failures else 0


async def _check(process: "Process", name: str, paths: list[str]) -> int:
    failures: list[int] = []
    status = 0
    for line in (await read_all(process, paths, failures)).decode("utf-8", "replace").splitlines():
        wanted, _, path = line.partition("  ")
        try:
            text = process.files.read_file(path.strip(), process.cwd, process.credentials)
        except OSError:
            text = b""
        fine = hashlib.new(name, text, usedforsecurity=False).hexdigest() == wanted
        status = status or int(not fine)
        await process.out(f"{path}: {'OK' if fine else 'FAILED'}\n")
    return status


@program("cksum", "sum")
async def cksum(process: "Process") -> int:
    """Print a checksum and the size."""
    failures: list[int] = []
    async for source in inputs(process, process.argv[1:], failures):
        data = await source.whole()
        await process.out(f"{zlib.crc32(data)} {len(data)} {'' if source.name == '-' else source.name}".rstrip() + "\n")
    return 1 if failures else 0


@program("base64")
async def base64(process: "Process") -> int:
    """Encode, or decode (-d)."""
    options, paths = await parse(process, "dDi", "w", {"decode": "d", "wrap": "w"})
    failures: list[int] = []
    data = await read_all(process, paths, failures)
    if options.keys() & {"d", "D"}:
        try:
            await process.write(1, encoding.b64decode(b"".join(data.split()), validate=True))
        except ValueError:
            await process.err("base64: invalid input\n" if gnu(process) else "base64: truncated input\n")
            return 1
        return 1 if failures else 0
    text = encoding.b64encode(data).decode()
    width = int(options.get("w", "76"))
    lines = [text[at : at + width] for at in range(0, len(text), width)] if width else [text]
    await process.out("\n".join(lines) + ("\n" if width and text else ""))
    return 1 if failures else 0


@program("xxd", "hexdump", "od", "hd")
async def dump(process: "Process") -> int:
    """Show bytes."""
    options, paths = await parse(process, "CvcxbopsrA", "tnlAN")
    failures: list[int] = []
    data = await read_all(process, paths, failures)
    data = data[: int(options.get("n") or options.get("N") or options.get("l") or len(data))]
    name = applet(process)
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        if name == "xxd" and "p" not in options:
            pairs = " ".join(row[index : index + 2].hex() for index in range(0, len(row), 2))
            lines.append(f"{at:08x}: {pairs:<39}  {text}")
        elif name == "xxd":
            lines.append(row.hex())
        elif "C" in options or name == "hd":
            half = [" ".join(f"{byte:02x}" for byte in part) for part in (row[:8], row[8:])]
            lines.append(f"{at:08x}  {half[0]:<23}  {half[1]:<23}  |{text}|")
        elif "c" in options:
            named = {0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r"}
            prefix = "" if options.get("A") == "n" else f"{at:07o}"
            lines.append(prefix + "".join(f"{named.get(b, chr(b) if 32 <= b < 127 else f'{b:03o}'):>4}" for b in row))
        elif options.get("t", "").startswith("x1"):
            prefix = "" if options.get("A") == "n" else f"{at:07o}"
            lines.append(prefix + "".join(f" {byte:02x}" for byte in row))
        else:
            words = [int.from_bytes(row[index : index + 2], "little") for index in range(0, len(row), 2)]
            shown = "".join(f" {word:04x}" if name == "hexdump" else f" {word:06o}" for word in words)
            lines.append(f"{at:07x}{shown}" if name == "hexdump" else f"{at:07o}{shown}")
    if name != "xxd" and options.get("A") != "n":
        lines.append(f"{len(data):0{8 if 'C' in options else 7}{'o' if name == 'od' else 'x'}}")
    await process.out("".join(line + "\n" for line in lines))
    return 1 if failures else 0
