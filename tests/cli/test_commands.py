"""Every command tells itself with an example; those that programs read speak JSON; shells get what they need."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from k8s_tutor.cli.commands.env import lines
from k8s_tutor.cli.program import Commands, program


def _all(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None, name
        yield (*path, name), found
        if isinstance(found, click.Group) and not isinstance(found, Commands):
            yield from _all(found, (*path, name))


COMMANDS = list(_all(program))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_says_what_it_does_with_an_example(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help, path
    assert "Example" in (command.epilog or ""), path


@pytest.mark.parametrize("words", [("list",), ("status",), ("doctor",), ("cluster", "status")])
def test_what_programs_read_is_json(home: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(program, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)


def test_completion_is_code_that_bash_takes() -> None:
    done = CliRunner().invoke(program, ["completion", "bash"])
    assert "_k8s_tutor_completion" in done.output
    bash = shutil.which("bash")
    if bash is not None:
        subprocess.run([bash, "-n"], input=done.output, text=True, check=True)
    for shell in ("zsh", "fish"):
        assert "k8s-tutor" in CliRunner().invoke(program, ["completion", shell]).output


@pytest.mark.parametrize(
    ("shell", "sets", "unsets"),
    [
        ("bash", "export KUBECONFIG='/a b/c'", "unset KUBECONFIG"),
        ("zsh", "export KUBECONFIG='/a b/c'", "unset KUBECONFIG"),
        ("fish", "set -gx KUBECONFIG '/a b/c'", "set -e KUBECONFIG"),
        ("powershell", "$Env:KUBECONFIG = '/a b/c'", "Remove-Item Env:KUBECONFIG"),
    ],
)
def test_env_for_every_shell(shell: str, sets: str, unsets: str) -> None:
    assert lines(shell, "/a b/c").startswith(f"{sets}\n")
    assert lines(shell, "").startswith(f"{unsets}\n")


def test_uninstall_says_what_it_removed(home: Path) -> None:
    CliRunner().invoke(program, ["list"])
    done = CliRunner().invoke(program, ["uninstall", "--yes"])
    assert done.exit_code == 0, done.output
    assert done.output.count("removed") == 3
    assert not list(home.rglob("progress.db"))
