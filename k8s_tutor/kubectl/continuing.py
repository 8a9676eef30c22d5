"""Whether a shell would ask for another line: bash's secondary prompt, for prompts that take a line at a time.

A command goes on while a quote is open, a here-document waits for its end, or a line ends with a backslash, a pipe or
``&&``/``||``. Only that is read here; what the text means is the shell's business.
"""

import re
from typing import Final

_DOCUMENT: Final = re.compile(r"<<(-?)[ \t]*(?:'([^']+)'|\"([^\"]+)\"|\\?([^\s;&|<>()'\"]+))")
_GOES_ON: Final = ("|", "&&")


def wants_more(text: str) -> bool:
    """Return whether the lines entered so far are no whole command yet."""
    lines = text.split("\n")
    command = ""
    at = 0
    while at < len(lines):
        command += lines[at]
        at += 1
        bare = _bare(command)
        if bare is None:
            command += "\n"
            continue
        if bare.endswith("\\"):
            command = command[:-1]
            continue
        for dash, *words in _DOCUMENT.findall(_marked(command)):
            end = next(word for word in words if word)
            while at < len(lines) and (lines[at].lstrip("\t") if dash else lines[at]) != end:
                at += 1
            if at == len(lines):
                return True
            at += 1
        command = "" if not bare.rstrip().endswith(_GOES_ON) else f"{command} "
    return bool(command)


def _bare(command: str) -> str | None:
    """Return a command without what is quoted or a comment; None while a quote is open. A last backslash stays."""
    out: list[str] = []
    at = 0
    while at < len(command):
        char = command[at]
        if char == "\\" and at + 1 < len(command):
            out.append("_")
            at += 2
        elif char in "'\"":
            end = _closing(command, at)
            if end is None:
                return None
            out.append("_")
            at = end + 1
        elif char == "#" and (at == 0 or command[at - 1] in " \t\n;&|("):
            rest = command.find("\n", at)
            at = len(command) if rest < 0 else rest
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _closing(command: str, at: int) -> int | None:
    """Return where the quote that opens at a place is closed."""
    quote = command[at]
    at += 1
    while at < len(command):
        if command[at] == "\\" and quote == '"':
            at += 1
        elif command[at] == quote:
            return at
        at += 1
    return None


def _marked(command: str) -> str:
    """Return a command whose quoted parts hold nothing that looks like a here-document, except its own quoted word."""
    out: list[str] = []
    at = 0
    while at < len(command):
        if command[at] in "'\"" and (end := _closing(command, at)) is not None:
            word = command[at : end + 1]
            out.append(word if "".join(out).rstrip(" \t").endswith(("<<", "<<-")) else "_")
            at = end + 1
        else:
            out.append(command[at])
            at += 1
    return "".join(out).replace("<<<", "___")
