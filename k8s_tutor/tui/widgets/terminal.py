"""The terminal pane: what commands printed, and the prompt below."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import RichLog, Static

from k8s_tutor.tui.widgets import style_of
from k8s_tutor.tui.widgets.prompt import Prompt

KEPT_LINES = 5000


class Terminal(Vertical):
    """Output and prompt."""

    DEFAULT_CSS = style_of(__file__)

    def __init__(self) -> None:
        super().__init__(id="terminal")
        self.output = RichLog(id="output", max_lines=KEPT_LINES, min_width=20, wrap=True, auto_scroll=True)
        self.output.can_focus = True
        self.prompt = Prompt()
        self._sign = "$ "
        self._partial = ""
        self.last_output: list[str] = []

    def compose(self) -> ComposeResult:
        """Stack output over the prompt."""
        yield self.output
        with Horizontal(id="prompt-line"):
            yield Static(self._sign, id="prompt-sign")
            yield self.prompt

    def name_cluster(self, name: str) -> None:
        """Have the prompt say which cluster commands go to."""
        self._sign = f"{name} $ "
        self.ask(more=False)

    def ask(self, *, more: bool) -> None:
        """Ask for a command, or for more of one."""
        self.query_one("#prompt-sign", Static).update("> " if more else self._sign)

    def begin(self, line: str, *, again: bool = False) -> None:
        """Show the line that was entered (``again``: one more of the same command); what follows is its output."""
        self.last_output = []
        self._write(Text.assemble(("> " if again else "$ ", "bold green"), (line, "bold")))

    def feed(self, text: str) -> None:
        """Show output as it comes; an unfinished line waits for its end."""
        *lines, self._partial = (self._partial + text).replace("\r\n", "\n").split("\n")
        for line in lines:
            self.last_output.append(line)
            self._write(Text.from_ansi(line) if "\x1b" in line else Text(line))

    def finish(self, exit_code: int) -> None:
        """Show the rest of the output."""
        if self._partial:
            self.feed("\n")
        if exit_code not in (0, 1):
            self._write(Text(f"[exit {exit_code}]", "dim"))

    def _write(self, text: Text) -> None:
        """Wrap at the pane's own width, whatever the terminal's is."""
        self.output.write(text, width=self.output.scrollable_content_region.width or None)

    def note(self, text: str, style: str = "italic yellow") -> None:
        """Show a line of the tutor's own."""
        self._write(Text(text, style))
