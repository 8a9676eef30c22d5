"""Signals by number and name, and what they do by default."""

NUMBERS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19,
    "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
    "IO": 29, "PWR": 30, "SYS": 31,
}  # fmt: skip
NAMES = {number: name for name, number in NUMBERS.items()}
SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGPIPE, SIGTERM, SIGCHLD = 1, 2, 3, 9, 13, 15, 17
HARMLESS = frozenset({17, 18, 19, 20, 21, 22, 23, 28})
WORDS = {
    1: "Hangup",
    2: "",
    3: "Quit",
    6: "Aborted",
    9: "Killed",
    11: "Segmentation fault",
    13: "",
    15: "Terminated",
    14: "Alarm clock",
    10: "User defined signal 1",
    12: "User defined signal 2",
}


def parse(text: str) -> int | None:
    """Return the number of ``15``, ``TERM``, ``SIGTERM`` or ``EXIT`` (0); None if there is no such signal."""
    if text.isdigit():
        return int(text) if int(text) <= 64 else None
    name = text.upper().removeprefix("SIG")
    return 0 if name == "EXIT" else NUMBERS.get(name)
