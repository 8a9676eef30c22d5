"""Preferences of the user: aliases, defaults of flags, and the file that keeps them."""

import io
from pathlib import Path

import pytest

from k8s_tutor.kubectl import run
from tests.conftest import Output


def call(home: Path, *words: str, stdin: str = "", **env: str) -> Output:
    """Run our kubectl as a user whose home is this folder."""
    out, err = io.StringIO(), io.StringIO()
    surroundings = {"HOME": str(home), **env}
    code = run(words, cwd=home, env=surroundings, stdin=io.StringIO(stdin), stdout=out, stderr=err)
    return Output(out.getvalue(), err.getvalue(), code)


def test_a_default_fills_what_the_words_leave_out(tmp_path: Path) -> None:
    made = call(tmp_path, "kuberc", "set", "--section=defaults", "--command=version", "--option=client=true")
    assert made.out == f"Updated {tmp_path}/.kube/kuberc\n"
    assert call(tmp_path, "version").out.startswith("Client Version")
    assert "did you specify the right host or port?" in call(tmp_path, "version", "--client=false").err
    again = call(tmp_path, "kuberc", "set", "--section=defaults", "--command=version", "--option=output=yaml")
    assert again.err == 'error: defaults for command "version" already exist, use --overwrite to replace\n'


def test_an_alias_is_a_command_with_words_around_those_given(tmp_path: Path) -> None:
    words = (
        "--name=mk",
        "--command=create",
        "--prependarg=configmap",
        "--appendarg=--dry-run=client",
        "--option=output=name",
    )
    call(tmp_path, "kuberc", "set", "--section=aliases", *words)
    assert call(tmp_path, "mk", "x").err == ""
    assert call(tmp_path, "mk", "x") == Output("configmap/x\n", "", 0)
    assert "kind: ConfigMap" in call(tmp_path, "mk", "x", "-o", "yaml").out
    assert call(tmp_path, "kuberc", "view").out == (
        "aliases:\n- appendArgs:\n  - --dry-run=client\n  command: create\n  name: mk\n  options:\n"
        "  - default: name\n    name: output\n  prependArgs:\n  - configmap\n"
        "apiVersion: kubectl.config.k8s.io/v1beta1\ndefaults: []\nkind: Preference\n"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bad: [\n", "kuberc error kuberc: no valid preferences found in rc, use --v=5 to see details"),
        ("aliases: [{name: a1, command: get}]\n", "invalid alias name, can only include alphabetical characters"),
        ("aliases: [{name: v, command: nope}]\n", 'command "nope" not found to set alias "v": [nope]'),
        ("defaults: [{command: version, options: [{name: nope, default: x}]}]\n", "invalid flag nope for command version"),
        ("defaults: [{command: version, options: [{name: -c, default: x}]}]\n", "flag name -c should be in long form without dashes"),
    ],
)  # fmt: skip
def test_a_file_that_was_asked_for_has_to_be_right(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "rc").write_text("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n" + text)
    word = "v" if "command: nope" in text else "version"
    expected = Output("", f"error occurred while applying preferences {told}\n", 1)
    assert call(tmp_path, "--kuberc=rc", word) == expected
    assert call(tmp_path, word, KUBERC="rc") == expected


def test_preferences_may_be_missing_or_off(tmp_path: Path) -> None:
    assert call(tmp_path, "version", "--client").code == 0
    assert "open rc: no such file or directory" in call(tmp_path, "version", "--client", KUBERC="rc").err
    assert call(tmp_path, "kuberc", "view", KUBERC="off").err == (
        "error: KUBERC is disabled via KUBERC=off environment variable\n"
    )
    assert call(tmp_path, "kuberc", "view", stdin="y\n").out.endswith(f"Updated {tmp_path}/.kube/kuberc\n")
    assert "server-side" in (tmp_path / ".kube" / "kuberc").read_text()
