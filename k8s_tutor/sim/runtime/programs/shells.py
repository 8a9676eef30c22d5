"""``sh``, ``ash``, ``dash``, ``bash``: the shell as a program."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.shell.interactive import Interaction
from k8s_tutor.sim.runtime.shell.interpreter import Shell
from k8s_tutor.sim.runtime.shell.messages import Words

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("sh", "ash", "dash", "bash", memory=700 << 10)
async def shell(process: "Process") -> int:
    """Run a command text (-c), a script, standard input, or a prompt."""
    called = process.argv[0].lstrip("-")
    flavour = {"ash": "ash", "dash": "dash", "bash": "bash"}.get(
        called.rsplit("/", 1)[-1], "ash" if process.userland == "busybox" else "dash"
    )
    rest = process.argv[1:]
    options: set[str] = set()
    text: str | None = None
    from_stdin = interactive = False
    while rest and rest[0][:1] in {"-", "+"} and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            continue
        for letter in word[1:]:
            if letter == "c":
                text = ""
            elif letter == "s":
                from_stdin = True
            elif letter == "i":
                interactive = True
            elif letter == "o" and rest:
                options.add(_long(rest.pop(0)))
            elif letter in "abCefhmnuvx":
                options.add(letter)
    if text is not None:
        if not rest:
            await process.err(f"{called}: -c requires an argument\n")
            return 2
        text = rest.pop(0)
    return await _run(process, flavour, called, options, text, rest, from_stdin=from_stdin, interactive=interactive)


def _long(option: str) -> str:
    from k8s_tutor.sim.runtime.shell.builtins import LETTERS

    return LETTERS.get(option, option)


async def _run(
    process: "Process",
    flavour: str,
    called: str,
    options: set[str],
    text: str | None,
    rest: list[str],
    *,
    from_stdin: bool,
    interactive: bool,
) -> int:
    name, script = called, None
    if text is not None and rest:
        name = rest.pop(0)
    elif text is None and rest and not from_stdin:
        name = rest.pop(0)
        try:
            script = process.files.read_file(name, process.cwd, process.credentials)
        except OSError as error:
            words = Words(flavour, called)
            await process.err(
                f"{called}: can't open '{name}': {error.strerror}\n"
                if flavour == "ash"
                else words.say(f"cannot open {name}: {'No such file' if error.errno == 2 else error.strerror}")
                if flavour == "dash"
                else f"{called}: {name}: {error.strerror}\n"
            )
            return 2 if flavour != "bash" else 127
    sh = Shell(process, Words(flavour, name, script=script is not None))
    sh.parameters, sh.options = rest, options
    sh.import_environment()
    process.handlers.setdefault(signals.SIGCHLD, None)
    sh.handle_interrupt()
    if text is not None:
        return await sh.main(lambda: sh.run_text(text, last=True))
    if script is not None:
        return await sh.main(lambda: sh.run_text(script.decode("utf-8", "surrogateescape")))
    if interactive or process.fds[0].is_tty:
        return await sh.main(Interaction(sh).run)
    return await sh.main(lambda: _from_input(sh))


async def _from_input(sh: Shell) -> int:
    """Run what comes from standard input, command by command."""
    from k8s_tutor.sim.runtime.shell.bash_parser import parser_for
    from k8s_tutor.sim.runtime.shell.syntax import IncompleteError

    pending = ""
    while True:
        line = b""
        while not line.endswith(b"\n"):
            data = await sh.process.read(0)
            if not data:
                break
            head, feed, rest = data.partition(b"\n")
            line += head + feed
            if rest:
                sh.process.fds[0].unread(rest)
        pending += line.decode("utf-8", "surrogateescape")
        if not line:
            return await sh.run_text(pending) if pending.strip() else sh.status
        try:
            parser_for(sh.words.flavour, pending, sh.aliases).program()
        except IncompleteError:
            continue
        except Exception:  # noqa: BLE001, S110 - run_text says what is wrong
            pass
        await sh.run_text(pending)
        pending = ""
