"""``create secret generic``, ``docker-registry`` and ``tls``."""

import base64
import json
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.goyaml import to_json
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api
from k8s_tutor.kubectl.generators.sources import FLAGS, check_key, content_hash, entries
from k8s_tutor.kubectl.verbgroup import VerbGroup

_SECRET = api("", "v1", "secrets", "Secret")


def _secret(call: Call, name: str, data: dict[str, bytes], kind: str) -> dict[str, Any]:
    body: dict[str, Any] = {"metadata": {"name": name}}
    if data:
        body["data"] = {key: base64.b64encode(value).decode() for key, value in data.items()}
    if kind:
        body["type"] = kind
    if call.flag("append-hash"):
        parts = {"data": body.get("data"), "kind": "Secret", "name": name, "type": kind}
        body["metadata"]["name"] = f"{name}-{content_hash(to_json(parts, indent=None))}"
    return body


class Generic(Generator):
    """Makes a Secret of literals and files."""

    name = "generic"
    usage = (
        "create secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [options]"
    )
    short = "Create a secret from a local file, directory, or literal value"
    resource = _SECRET
    failure = "failed to create secret "
    flags = (*FLAGS, Flag("type", help="the secret's type"), *COMMON)

    def make(self, call: Call, name: str) -> dict[str, Any]:
        data: dict[str, bytes] = {}
        for key, value in entries(call, secret=True):
            check_key(key, "Secret")
            if key in data:
                raise CommandError(f"cannot add key {key}, another key by that name already exists")
            data[key] = value
        return _secret(call, name, data, call.flag("type"))


class DockerRegistry(Generator):
    """Makes the Secret that pulls from a private registry."""

    name = "docker-registry"
    usage = "create secret docker-registry NAME --docker-username=user --docker-password=password [options]"
    short = "Create a secret for use with a Docker registry"
    resource = _SECRET
    failure = "failed to create secret "
    flags = (
        Flag("docker-username", help="user of the registry"),
        Flag("docker-password", help="its password"),
        Flag("docker-email", help="its e-mail address"),
        Flag("docker-server", default="https://index.docker.io/v1/", help="the registry"),
        Flag("from-file", "list", help="an existing .dockerconfigjson"),
        Flag("append-hash", "bool", help="add a hash of the content to the name"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if call.flag("from-file"):
            return
        if not all(call.flag(name) for name in ("docker-username", "docker-password", "docker-server")):
            raise CommandError(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is "
                "required"
            )

    def make(self, call: Call, name: str) -> dict[str, Any]:
        kind = "kubernetes.io/dockerconfigjson"
        if call.flag("from-file"):
            source = call.flag("from-file")[0].rpartition("=")[2]
            return _secret(call, name, {".dockerconfigjson": _read(call.cwd / source, source)}, kind)
        user, password = call.flag("docker-username"), call.flag("docker-password")
        entry = {"username": user, "password": password}
        if call.flag("docker-email"):
            entry["email"] = call.flag("docker-email")
        entry["auth"] = base64.b64encode(f"{user}:{password}".encode()).decode()
        text = json.dumps({"auths": {call.flag("docker-server"): entry}}, separators=(",", ":"))
        return _secret(call, name, {".dockerconfigjson": text.encode()}, kind)


class Tls(Generator):
    """Makes the Secret of a certificate and its key."""

    name = "tls"
    usage = "create secret tls NAME --cert=path/to/cert/file --key=path/to/key/file [options]"
    short = "Create a TLS secret"
    resource = _SECRET
    failure = "failed to create secret "
    flags = (
        Flag("cert", help="file of the certificate, PEM"),
        Flag("key", help="file of its key, PEM"),
        Flag("append-hash", "bool", help="add a hash of the content to the name"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if not call.flag("cert") or not call.flag("key"):
            raise CommandError("key and cert must be specified")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        cert, key = (
            _read(call.cwd / call.flag("cert"), call.flag("cert")),
            _read(call.cwd / call.flag("key"), call.flag("key")),
        )
        _check_pair(cert, key)
        return _secret(call, name, {"tls.crt": cert, "tls.key": key}, "kubernetes.io/tls")


def _read(file: Path, name: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"Cannot read file {name}, open {name}: {(error.strerror or '').lower()}") from None


def _check_pair(cert: bytes, key: bytes) -> None:
    import ssl
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "crt"), Path(folder, "key")
        first.write_bytes(cert)
        second.write_bytes(key)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(first, second)
        except ssl.SSLError as error:
            if "MISMATCH" in str(error):
                raise CommandError("tls: private key does not match public key") from None
            raise CommandError("tls: failed to find any PEM data in certificate input") from None


class Secret(VerbGroup):
    """Groups the kinds of secrets."""

    name = "secret"
    usage = "create secret (docker-registry | generic | tls) [options]"
    short = "Create a secret using a specified subcommand"
    subverbs = (DockerRegistry, Generic, Tls)
    resource = _SECRET


GENERATOR = Secret
