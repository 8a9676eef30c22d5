"""One call of the command language: words in, output and exit code out.

`run` finds the verb, reads flags, makes the client when first needed, and turns every error into kubectl's words.
"""

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from k8s_tutor.client import Client
from k8s_tutor.client.client import Guard
from k8s_tutor.kubectl import helptext, preferences, registry, suggestions
from k8s_tutor.kubectl.command import COMMON_FLAGS, Call, Streams, Terminal, Verb
from k8s_tutor.kubectl.connecting import connect, default_kubeconfig
from k8s_tutor.kubectl.errors import CommandError, report
from k8s_tutor.kubectl.flags import Flag, FlagError, Parsed, parse, preset
from k8s_tutor.kubectl.preferences import place_of
from k8s_tutor.kubectl.text import quoted

PROGRAM = "kubectl"


def run(
    argv: Sequence[str],
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    client_factory: Callable[[], Client] | None = None,
    stdin: IO[Any] | None = None,
    stdout: IO[str] | None = None,
    stderr: IO[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    edit: Callable[[str, str], str] | None = None,
    cancelled: threading.Event | None = None,
    on_start: Callable[[Call], None] | None = None,
    terminal: Terminal | None = None,
    guard: Guard | None = None,
) -> int:
    """Run one command.

    Args:
        argv: the words after ``kubectl``.
        kubeconfig: the file to read (and to write, by ``config``); $KUBECONFIG if not given.
        client_factory: gives a ready client to use for calls that name no other context or user; it is not closed.
        stdin: what ``-f -`` and ``exec -i`` read.
        stdout: gets the output.
        stderr: gets errors and warnings.
        cwd: what relative paths start from.
        env: the environment (``EDITOR``, ``KUBECONFIG``).
        edit: ``edit(text, suffix)`` returns the edited text; $EDITOR is run if not given.
        cancelled: set it to end a call that waits; prefer `Call.cancel` (see ``on_start``), which also cuts sockets.
        on_start: gets the `Call` before it runs, to be able to cancel it.
        terminal: the caller's terminal for ``exec -t``.
        guard: asked before every request, see `Client.guarded`.

    Returns:
        The exit code, as kubectl's.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    surroundings = os.environ if env is None else env
    call: Call | None = None
    opened: list[Client] = []
    try:
        own = kubeconfig is None
        folder = Path(cwd or Path.cwd())
        place = place_of(argv, surroundings, folder, usual=own)
        liked = preferences.load(place, folder, lambda text: print(text, end="", file=err))
        asked = preferences.rewritten(list(argv), liked, lambda word: registry.verb(word) is not None)
        found, path, words = _find(asked.words)
        if found is None:
            out.write(words[0])
            return 0
        options = asked.options if asked.alias else preferences.defaults_of(path, liked)
        parsed = _parse(found, path, words, options)
        if parsed is None:
            out.write(helptext.verb_help(found, path))
            return 0
        for flag, _ in parsed.given:
            if flag.deprecated:
                err.write(f"Flag --{flag.name} has been deprecated, {flag.deprecated}\n")
        own = own or bool(parsed.get("kubeconfig"))
        file = Path(parsed.get("kubeconfig") or kubeconfig or default_kubeconfig(surroundings))
        call = Call(
            words=parsed,
            streams=Streams(stdin, out, err),
            cwd=folder,
            env=surroundings,
            path=path,
            kubeconfig=file,
            connect=lambda: _guarded(connect(parsed, found, file, client_factory, opened, own=own), guard),
            edit=edit,
            cancelled=cancelled or threading.Event(),
            terminal=terminal,
        )
        if on_start:
            on_start(call)
        verb = found()
        verb.complete(call)
        verb.validate(call)
        code = verb.run(call)
        if call.warned and parsed.get("warnings-as-errors"):
            raise CommandError(f"{call.warned} warning{'s' if call.warned > 1 else ''} received")
        return 130 if call.cancelled.is_set() else code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
    except Exception as error:
        if call is not None and call.cancelled.is_set():
            return 130
        if not _expected(error):
            raise
        if isinstance(error, CommandError):
            out.write(error.output)
        text, code = report(error)
        if text:
            err.write(text if text.endswith("\n") else text + "\n")
        return code
    finally:
        for client in opened:
            client.close()


def _guarded(client: Client, guard: Guard | None) -> Client:
    return client if guard is None else client.guarded(guard)


def _expected(error: Exception) -> bool:
    from k8s_tutor.client import ApiError, NoMatchError
    from k8s_tutor.errors import TutorError
    from k8s_tutor.kubectl.errors import SeveralErrors

    return isinstance(error, ApiError | NoMatchError | TutorError | SeveralErrors | CommandError)


def _find(words: list[str]) -> tuple[type[Verb] | None, str, list[str]]:
    """Find the verb (and its subverb) among the words; flags before it stay in front of its own."""
    before, name, rest = _first_argument(words, COMMON_FLAGS)
    if name is None:
        if before and before[0] not in {"-h", "--help"}:
            try:
                parse(before, COMMON_FLAGS)
            except FlagError as error:
                if str(error) != "help":
                    raise CommandError(f"{error}\nSee '{PROGRAM} --help' for usage.") from None
        return None, PROGRAM, [helptext.root_help()]
    if name in {"help", "options"}:
        return _help_for(rest) if name == "help" else (None, PROGRAM, [helptext.common_flags()])
    found = registry.verb(name)
    if found is None:
        raise CommandError(
            f"unknown command {quoted(name)} for {quoted(PROGRAM)}{suggestions.suggest(name)}", exit_code=1
        )
    path = f"{PROGRAM} {name}"
    while found.subverbs or found.has_inner:
        inner_before, inner, inner_rest = _first_argument(rest, (*COMMON_FLAGS, *found.flags))
        chosen = found.find_inner(inner) if inner else None
        if chosen is None:
            break
        found, path, rest = chosen, f"{path} {chosen.name}", inner_before + inner_rest
    return found, path, before + rest


def _help_for(words: list[str]) -> tuple[type[Verb] | None, str, list[str]]:
    if not words:
        return None, PROGRAM, [helptext.root_help()]
    found, path, _ = _find([*words, "--help"])
    return None, path, [helptext.verb_help(found, path) if found else helptext.root_help()]


def _first_argument(words: list[str], flags: Sequence[Flag]) -> tuple[list[str], str | None, list[str]]:
    valued = {f"--{flag.name}" for flag in flags if flag.takes_value}
    valued |= {f"-{flag.short}" for flag in flags if flag.short and flag.takes_value}
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            break
        if word.startswith("-") and len(word) > 1:
            at += 2 if word in valued else 1
            continue
        return words[:at], word, words[at + 1 :]
    return words, None, []


def _parse(found: type[Verb], path: str, words: list[str], options: preferences.Options) -> Parsed | None:
    flags = (*found.flags, *COMMON_FLAGS)
    try:
        parsed = parse(words, flags)
        for name, text in options:
            if not preset(parsed, flags, name, text):
                raise preferences.refuse_flag(name, path.removeprefix(f"{PROGRAM} "))
    except FlagError as error:
        if str(error) == "help":
            return None
        raise CommandError(f"{error}\nSee '{path} --help' for usage.") from None
    missing = [quoted(name) for name in found.required if name not in parsed.changed]
    if missing:
        raise CommandError(f"required flag(s) {', '.join(missing)} not set")
    return parsed
