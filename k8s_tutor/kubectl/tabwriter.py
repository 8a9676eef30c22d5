"""Elastic tab stops as Go's ``text/tabwriter`` computes them, so that columns fall where kubectl puts them.

A cell is text before a tab; a column is a block of adjacent lines that all have a cell there, and is as wide as its
widest cell plus padding. What follows a line's last tab is not part of a column.
"""


def aligned(text: str, *, min_width: int = 0, padding: int = 2) -> str:
    """Return the text with its tabs replaced by spaces.

    Args:
        text: lines with cells ended by tabs.
        min_width: of a column.
        padding: spaces added to each column.
    """
    lines = [line.split("\t") for line in text.split("\n")]
    out: list[str] = []
    _block(lines, 0, len(lines), [], out, min_width, padding)
    return "\n".join(out)


def _block(
    lines: list[list[str]], start: int, end: int, widths: list[int], out: list[str], min_width: int, padding: int
) -> None:
    column = len(widths)
    at = start
    while at < end:
        if column >= len(lines[at]) - 1:
            at += 1
            continue
        out += [_padded(line, widths) for line in lines[start:at]]
        start = at
        width = min_width
        while at < end and column < len(lines[at]) - 1:
            width = max(width, len(lines[at][column]) + padding)
            at += 1
        _block(lines, start, at, [*widths, width], out, min_width, padding)
        start = at
    out += [_padded(line, widths) for line in lines[start:end]]


def _padded(cells: list[str], widths: list[int]) -> str:
    return "".join(cell.ljust(widths[at]) if at < len(widths) else cell for at, cell in enumerate(cells))
