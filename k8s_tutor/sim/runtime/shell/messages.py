"""The shells' own words: what ash, dash and bash say about the same fault."""


class Words:
    """Messages of one shell.

    Args:
        flavour: ash (busybox), dash (Debian's sh) or bash.
        name: what the shell was called as, or its script.
        script: it runs a script file.

    Attributes:
        line: where the command stands.
        interactive: it reads from a terminal; bash tells no lines then.
    """

    def __init__(self, flavour: str, name: str, *, script: bool = False) -> None:
        self.flavour, self.name, self.script = flavour, name, script
        self.line = 1
        self.interactive = False

    def copy(self) -> "Words":
        """Return the same for a subshell."""
        other = Words(self.flavour, self.name, script=self.script)
        other.line, other.interactive = self.line, self.interactive
        return other

    def _head(self) -> str:
        if self.flavour == "dash":
            return f"{self.name}: {self.line}: "
        if self.flavour == "bash":
            return f"{self.name}: " if self.interactive else f"{self.name}: line {self.line}: "
        return f"{self.name}: line {self.line}: " if self.script else f"{self.name}: "

    def say(self, text: str) -> str:
        """Return a message with its head and line feed."""
        return f"{self._head()}{text}\n"

    def builtin(self, command: str, text: str) -> str:
        """Return a builtin's message; ash tells the line, counted from 0 in the text of -c."""
        if self.flavour == "ash":
            line = self.line if self.script else self.line - 1
            return f"{self.name}: {command}: line {line}: {text}\n"
        return self.say(f"{command}: {text}")

    def not_found(self, command: str) -> str:
        """Nothing in the path has the command's name."""
        return self.say(f"{command}: command not found" if self.flavour == "bash" else f"{command}: not found")

    def cannot_execute(self, command: str, text: str) -> str:
        """The file cannot be executed."""
        return self.say(f"{command}: {text}")

    def cannot_open(self, path: str, text: str, *, creating: bool) -> str:
        """A redirection failed."""
        if self.flavour == "bash":
            return self.say(f"{path}: {text}")
        missing = text == "No such file or directory"
        if creating:
            return self.say(
                f"can't create {path}: {'nonexistent directory' if missing else text}"
                if self.flavour == "ash"
                else f"cannot create {path}: {'Directory nonexistent' if missing else text}"
            )
        return self.say(
            f"can't open {path}: {'no such file' if missing else text}"
            if self.flavour == "ash"
            else f"cannot open {path}: {'No such file' if missing else text}"
        )

    def _bash_syntax(self, text: str, token: str, source: str) -> str:
        lines = source.split("\n")
        head = f"{self.name}: {'' if self.script else '-c: '}line "
        if "unterminated" in text or "EOF in backquote" in text:
            mark = next((mark for mark in "\"'`" if source.count(mark) % 2), '"')
            return f"{head}{self.line}: unexpected EOF while looking for matching `{mark}'\n"
        if "end of file" in text:
            return f"{head}{len(lines) + 1}: syntax error: unexpected end of file\n"
        token = token or ("newline" if "for loop variable" in text else "")
        if not token:
            return self.say(text)
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        return f"{head}{self.line}: syntax error near unexpected token `{token}'\n{head}{self.line}: `{line}'\n"

    def syntax(self, text: str, token: str, source: str = "") -> str:
        """The program cannot be parsed."""
        if self.flavour == "bash":
            return self._bash_syntax(text, token, source)
        if self.flavour == "dash":
            text = text.replace("syntax error: ", "Syntax error: ").replace("unterminated", "Unterminated")
            text = text.replace("error: bad", "error: Bad")
            if "unexpected end of file" in text:
                text = text.replace("unexpected end of file", "end of file unexpected")
            elif "unexpected " in text:
                head, _, rest = text.partition("unexpected ")
                shown, space, more = rest.partition(" ")
                text = f"{head}{shown} unexpected{space}{more}"
        return self.say(text)

    def died(self, pid: int, word: str, command: str, *, background: bool) -> str:
        """A child has died of a signal."""
        if self.flavour != "bash" or (word == "Terminated" and not background):
            return f"{word}\n"
        return "" if word == "Terminated" else self.say(f"{pid:5} {word:<24}{command}")

    def arithmetic(self, expression: str, text: str, token: str = "") -> str:
        """An arithmetic expression is wrong."""
        if self.flavour == "bash":
            shown = expression.lstrip()
            if text == "divide by zero":
                return self.say(f'{shown}: division by 0 (error token is "{token}")')
            if token[:1].isdigit():
                return self.say(f'{shown}: value too great for base (error token is "{token}")')
            return self.say(f'{shown}: syntax error: operand expected (error token is "{token or shown}")')
        if self.flavour == "ash":
            return self.say(text)
        text = {"divide by zero": "division by zero", "arithmetic syntax error": "expecting primary"}.get(text, text)
        return self.say(f'arithmetic expression: {text}: "{expression}"')

    def parameter(self, name: str, message: str, *, null: bool) -> str:
        """``${name?…}`` of a parameter that is not set."""
        default = "parameter not set" + (" or null" if null else "")
        return self.say(f"{name}: {message or default}")

    def unset(self, name: str) -> str:
        """A variable is not set, and -u is."""
        return self.say(f"{name}: unbound variable" if self.flavour == "bash" else f"{name}: parameter not set")

    def cannot_fork(self) -> str:
        """The processes' limit is reached."""
        if self.flavour == "ash":
            return self.say("can't fork: Resource temporarily unavailable")
        return self.say("Cannot fork" if self.flavour == "dash" else "fork: retry: Resource temporarily unavailable")

    def read_only(self, name: str) -> str:
        """The variable is readonly."""
        return self.say(f"{name}: is read only" if self.flavour != "bash" else f"{name}: readonly variable")

    def no_number(self, text: str) -> str:
        """Printf is given what is no number."""
        if self.flavour == "ash":
            return f"{self.name}: invalid number '{text}'\n"
        return self.builtin(
            "printf", f"{text}: {'invalid number' if self.flavour == 'bash' else 'expected numeric value'}"
        )

    # -- kill: ash's is the program's own code, which knows no lines

    def kill_failed(self, pid: int, why: str) -> str:
        """A signal cannot be sent."""
        if self.flavour == "ash":
            return f"{self.name}: can't kill pid {pid}: {why}\n"
        return self.builtin("kill", f"({pid}) - {why}" if self.flavour == "bash" else f"{why}\n")

    def kill_whom(self, target: str) -> str:
        """What should get a signal is no process."""
        if self.flavour == "ash":
            return f"{self.name}: invalid number '{target}'\n"
        if self.flavour == "dash":
            return self.builtin("kill", f"Illegal number: {target}")
        return self.builtin("kill", f"{target}: arguments must be process or job IDs")

    def kill_nobody(self) -> str:
        """Nobody is named."""
        if self.flavour == "ash":
            return f"{self.name}: you need to specify whom to kill\n"
        if self.flavour == "dash":
            usage = "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]"
            return self.builtin("kill", usage)
        return "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n"

    def kill_signal(self, name: str) -> str:
        """There is no such signal."""
        if self.flavour == "ash":
            return f"{self.name}: bad signal name '{name}'\n"
        if self.flavour == "dash":
            return self.builtin("kill", f"Illegal option -{name[:1]}")
        return self.builtin("kill", f"{name}: invalid signal specification")
