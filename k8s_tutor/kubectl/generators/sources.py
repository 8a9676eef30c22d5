"""Keys and values from literals, files, folders and env files, for ConfigMaps and Secrets."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from k8s_tutor.apimachinery.names import regex_error
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.text import quoted

FLAGS = (
    Flag("from-file", "list", help="a file (its name is the key), key=file, or a folder; may repeat"),
    Flag("from-literal", "array", help="key=value; may repeat"),
    Flag("from-env-file", "list", help="a file of key=value lines; may repeat"),
    Flag("append-hash", "bool", help="add a hash of the content to the name"),
)
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_ENV_NAME = "[-._a-zA-Z][-._a-zA-Z0-9]*"


def entries(call: Call, *, secret: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield keys and contents in the order of the flags.

    Raises:
        CommandError: a source is missing or malformed.
    """
    if call.flag("from-env-file") and (call.flag("from-file") or call.flag("from-literal")):
        raise CommandError("from-env-file cannot be combined with from-file or from-literal")
    for literal in call.flag("from-literal"):
        key, equals, value = literal.partition("=")
        if not equals or not key:
            raise CommandError(f"invalid literal source {literal}, expected key=value")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        yield key, value.encode()
    for source in call.flag("from-file"):
        yield from _from_file(call.cwd, source)
    for source in call.flag("from-env-file"):
        yield from env_file(call.cwd / source, source, call.env, secret=secret)


def _from_file(cwd: Path, source: str) -> Iterator[tuple[str, bytes]]:
    parts = source.split("=")
    if len(parts) > 2:
        raise CommandError("key names or file paths cannot contain '='")
    if len(parts) == 2 and not parts[0]:
        raise CommandError(f"key name for file path {parts[1]} missing")
    if len(parts) == 2 and not parts[1]:
        raise CommandError(f"file path for key name {parts[0]} missing")
    name = parts[-1]
    file = cwd / name
    if not file.exists():
        raise CommandError(f"error reading {name}: no such file or directory")
    if file.is_dir():
        if len(parts) == 2:
            raise CommandError("cannot give a key name for a directory path")
        for inner in sorted(file.iterdir()):
            if inner.is_file() and not inner.is_symlink() and _KEY.fullmatch(inner.name):
                yield inner.name, inner.read_bytes()
        return
    yield (parts[0] if len(parts) == 2 else Path(name).name), file.read_bytes()


def env_file(file: Path, name: str, env: Mapping[str, str], *, secret: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield the pairs of an env file; a name alone takes its value from the environment."""
    if not file.exists():
        raise CommandError(f"error reading {name}: no such file or directory")
    if file.is_dir():
        raise CommandError(f"env {'secret' if secret else 'config'} file cannot be a directory")
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        text = line.lstrip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        check_env_name(key)
        yield key, value.encode() if equals else os.fsencode(env.get(key, ""))


def check_env_name(name: str) -> None:
    """Refuse what cannot be the name of an environment variable (apimachinery, ``IsEnvVarName``)."""
    if not re.fullmatch(_ENV_NAME, name):
        rule = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and "
        rule += "must not start with a digit"
        why = regex_error(rule, _ENV_NAME, "my.env-name", "MY_ENV.NAME", "MyEnvName1")
        raise CommandError(f"{quoted(name)} is not a valid key name: {why}")


def check_key(key: str, kind: str) -> None:
    """Refuse a key that a ConfigMap or Secret cannot have."""
    if not _KEY.fullmatch(key) or key in {".", ".."}:
        why = (
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        )
        if kind == "Secret":
            raise CommandError(f"{quoted(key)} is not valid key name for a Secret {why}")
        raise CommandError(f"{quoted(key)} is not a valid key name for a ConfigMap: {why}")


def content_hash(encoded: str) -> str:
    """Return the ten letters that --append-hash adds (kubectl, ``util/hash``)."""
    import hashlib

    digest = hashlib.sha256(encoded.encode()).hexdigest()[:10]
    return "".join({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"}.get(letter, letter) for letter in digest)
