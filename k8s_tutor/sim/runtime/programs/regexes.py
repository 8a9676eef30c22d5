"""POSIX regular expressions, basic and extended, as Python's."""

from k8s_tutor.sim.runtime.shell.patterns import CLASSES


def to_python(pattern: str, *, extended: bool) -> str:
    """Return the same expression for ``re``."""
    found: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "[":
            text, at = _bracket(pattern, at)
            found.append(text)
        elif character == "\\" and at < len(pattern):
            follows = pattern[at]
            at += 1
            if not extended and follows in "(){}|+?":
                found.append(follows)
            elif follows in "<>":
                found.append(r"\b")
            elif follows.isalnum():
                found.append("\\" + follows if follows in "bBwWsSd123456789nt" else follows)
            else:
                found.append("\\" + follows)
        elif not extended and character in "(){}|+?":
            found.append("\\" + character)
        elif not extended and character == "*" and (not found or found == ["^"] or found[-1] == "("):
            found.append(r"\*")
        elif not extended and character == "^" and found and found[-1] not in {"(", "|"}:
            found.append(r"\^")
        elif not extended and character == "$" and at < len(pattern) and not pattern.startswith((r"\)", r"\|"), at):
            found.append(r"\$")
        elif character == "$":
            found.append("$")
        else:
            found.append(character)
    return "".join(found)


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    end = at + (pattern[at : at + 1] == "^")
    end += pattern[end : end + 1] == "]"
    while end < len(pattern) and pattern[end] != "]":
        close = pattern.find(":]", end) if pattern.startswith("[:", end) else -1
        end = close + 2 if close > 0 else end + 1
    body = pattern[at:end].replace("\\", "\\\\")
    negated = body.startswith("^")
    body = body[negated:]
    for name, text in CLASSES.items():
        body = body.replace(f"[:{name}:]", f"\0{text}\0")
    pieces = body.split("\0")
    inner = "".join(
        piece if index % 2 else piece.replace("[", r"\[").replace("]", r"\]").replace("&&", r"&\&")
        for index, piece in enumerate(pieces)
    )
    return f"[{'^' if negated else ''}{inner}]", end + 1
