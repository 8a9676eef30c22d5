"""The manifest editor: a text area for a file of the working folder, YAML errors with their line, apply by one key."""

from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from k8s_tutor.tui.texts import say
from k8s_tutor.tui.widgets import style_of

TAB: Final = "a tab in the indentation; YAML wants spaces"
RUSSIAN: Final = {
    TAB: "табуляция в отступе; в YAML нужны пробелы",
    "did not find expected node content": "здесь ожидалось значение",
    "did not find expected key": "здесь ожидался ключ; проверьте отступы",
    "did not find expected '-' indicator": "здесь ожидался дефис; проверьте отступы",
    "did not find expected ',' or ']'": "не хватает запятой или ]",
    "did not find expected ',' or '}'": "не хватает запятой или }",
    "could not find expected ':'": "не хватает двоеточия",
    "mapping values are not allowed in this context": "двоеточие здесь лишнее; проверьте отступ или возьмите в кавычки",
    "block sequence entries are not allowed in this context": "дефис здесь не на месте; проверьте отступ",
    "found character that cannot start any token": "с этого знака значение начинаться не может; возьмите в кавычки",
    "found unexpected end of stream": "текст кончился раньше времени; закройте кавычку",
}
"""What libyaml says of the usual slips, in Russian."""


class EditorScreen(ModalScreen[bool]):
    """Edits one file; ends with True where it is to be applied.

    Args:
        file: is read, and written.
        language: of the help.
        keep: keep what was typed when it is left by Esc; else only saving ends with True, and Esc changes nothing.
    """

    DEFAULT_CSS = style_of(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "apply", "Apply", priority=True),
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("escape", "leave", "Back", priority=True),
    ]

    def __init__(self, file: Path, language: str, *, keep: bool = True) -> None:
        super().__init__()
        self._keep = keep
        self._file = file
        self._language = language

    def compose(self) -> ComposeResult:
        """Name, text, problem line, help."""
        text = self._file.read_text(encoding="utf-8", errors="replace") if self._file.exists() else ""
        yield Static(self._file.name, id="editor-title")
        yield TextArea(text, language="yaml", show_line_numbers=True, tab_behavior="indent", id="editor-text")
        yield Static(id="editor-problem")
        yield Static(say(self._language, "editor-help" if self._keep else "edit-help"), id="editor-foot")

    def on_mount(self) -> None:
        """Begin to type at once."""
        self.query_one(TextArea).focus()
        self._look()

    def on_text_area_changed(self) -> None:
        """Say what is wrong while it is being typed."""
        self._look()

    def _look(self) -> bool:
        problem = yaml_problem(self.query_one(TextArea).text)
        line = ""
        if problem is not None:
            at, column, what = problem
            what = RUSSIAN.get(what, what) if self._language == "ru" else what
            line = say(self._language, "yaml-error", line=at, column=column, problem=what)
        self.query_one("#editor-problem", Static).update(Text(line))
        return problem is None

    def action_save(self) -> None:
        """Write the file."""
        if not self._keep:
            self.action_apply()
            return
        self._write()

    def _write(self) -> None:
        self._file.write_text(self.query_one(TextArea).text, encoding="utf-8")
        self.query_one("#editor-problem", Static).update(say(self._language, "saved", name=self._file.name))

    def action_apply(self) -> None:
        """Write the file and have it applied; not while it is no YAML."""
        if self._look():
            self._write()
            self.dismiss(result=True)

    def action_leave(self) -> None:
        """Return."""
        if self._keep:
            self._write()
        self.dismiss(result=False)


def yaml_problem(text: str) -> tuple[int, int, str] | None:
    """Return line, column (from 1) and what is wrong with a YAML text, or None."""
    import yaml

    for number, line in enumerate(text.splitlines(), start=1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            return number, indent.index("\t") + 1, TAB
    try:
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return *where, error.problem or "not YAML"
    except yaml.YAMLError as error:
        return 1, 1, str(error)
    return None
