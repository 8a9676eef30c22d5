"""The shells' own words: what ash, dash and bash say about the same fault."""


class Words:
    """Messages of one shell.

    Args:
        flavour: ash (busybox), dash (Debian's sh) or bash.
        name: what the shell was called as, or its script.
        script: it runs a script file.
    """

    def __init__(self, flavour: str, name: str, *, script: bool = False) -> None:
        self.flavour, self.name, self.script = flavour, name, script
        self.line = 1

    def _head(self) -> str:
        if self.flavour == "dash":
            return f"{self.name}: {self.line}: "
        if self.flavour == "bash":
            return f"{self.name}: line {self.line}: "
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

    def syntax(self, text: str, token: str) -> str:
        """The program cannot be parsed."""
        if self.flavour == "bash":
            shown = {"newline": "newline", "end of file": "end of file"}.get(token, token)
            text = f"syntax error near unexpected token `{shown}'" if token else text
        elif self.flavour == "dash":
            text = text.replace("syntax error: ", "Syntax error: ").replace("unterminated", "Unterminated")
            text = text.replace("error: bad", "error: Bad")
            if "unexpected end of file" in text:
                text = text.replace("unexpected end of file", "end of file unexpected")
            elif "unexpected " in text:
                head, _, rest = text.partition("unexpected ")
                shown, space, more = rest.partition(" ")
                text = f"{head}{shown} unexpected{space}{more}"
        return self.say(text)

    def arithmetic(self, expression: str, text: str) -> str:
        """An arithmetic expression is wrong."""
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
