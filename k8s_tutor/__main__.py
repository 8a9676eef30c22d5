"""The program's entry: an error boundary around the command line.

A ``TutorError`` prints what, why and the next step, and exits with its class's code; Ctrl-C exits 130; a fault of ours
is written to a file whose name is told. Nobody sees a traceback, except with ``--debug``.
"""

import contextlib
import io
import itertools
import os
import sys

NAME = "k8s-tutor"

COMPLETING = "_K8S_TUTOR_COMPLETE"
"""Set by a shell that asks click which words may follow."""


def main() -> None:
    """Run the command line; never returns."""
    _use_utf8()
    if sys.platform == "win32":
        sys.exit("k8s-tutor runs on Linux, macOS and, on Windows, inside WSL.\nType: wsl --install")
    try:
        code = guarded(sys.argv[1:])
    except KeyboardInterrupt:  # while modules were still being loaded
        print("\nStopped.", file=sys.stderr)
        code = 130
    sys.exit(code)


def guarded(words: list[str]) -> int:
    """Run the program with these words; returns the exit code."""
    from k8s_tutor.errors import TutorError

    debug = "--debug" in words
    try:
        return _called([word for word in words if word != "--debug"])
    except TutorError as error:
        if debug:
            raise
        from k8s_tutor.session import complaints

        print(complaints.told(error, _language(words)), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if debug:
            raise
        from k8s_tutor.faults import told

        print(told(error), file=sys.stderr)
        return 1


def _language(words: list[str]) -> str:
    """Return the language asked for, else the locale's; an error may have come before any session was opened."""
    from k8s_tutor.cli.tutor import locale_language

    asked = [after for word, after in itertools.pairwise(words) if word == "--lang"]
    return asked[0] if asked else locale_language()


def _called(words: list[str]) -> int:
    if not words and COMPLETING not in os.environ:  # the app's first paint need not wait for a parser of options
        from k8s_tutor.cli.tutor import open_tutor

        return open_tutor()
    import click

    from k8s_tutor.cli.program import program

    try:
        code = program.main(words, NAME, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        print("Stopped.", file=sys.stderr)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else 0


def _use_utf8() -> None:
    """A terminal without a UTF-8 locale still gets text: what it cannot show becomes question marks, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if utf8 else "replace")


if __name__ == "__main__":
    main()
