"""Reading a kubeconfig into what a connection needs.

Tokens, client certificates, passwords and impersonation are read here; a user with an ``exec`` plugin or an
``auth-provider`` is given to the official package's loader, which knows how to run them (client-go, ``clientcmd``).
"""

import base64
import binascii
import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from k8s_tutor.client import official
from k8s_tutor.errors import ClusterUnavailableError


class KubeconfigError(ClusterUnavailableError):
    """The kubeconfig cannot be used; ``what`` names file and field."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and as whom."""

    server: str
    context_name: str = ""
    namespace: str = "default"
    ca_data: bytes = b""
    ca_file: str = ""
    verify: bool = True
    tls_server_name: str = ""
    proxy_url: str = ""
    token: str = field(default="", repr=False)
    token_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    cert_data: bytes = field(default=b"", repr=False)
    key_data: bytes = field(default=b"", repr=False)
    cert_file: str = ""
    key_file: str = ""
    impersonate_user: str = ""
    impersonate_groups: tuple[str, ...] = ()
    impersonate_uid: str = ""

    def changed(self, **changes: Any) -> "Target":
        """Return a copy with other fields (flags of the command line)."""
        return replace(self, **changes)

    def headers(self) -> dict[str, str]:
        """Authorization header; Impersonate-Group is set apart, as it may repeat."""
        headers: dict[str, str] = {}
        token = self.token
        if not token and self.token_file:
            with contextlib.suppress(OSError):
                token = Path(self.token_file).read_text(encoding="utf-8").strip()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        elif self.username:
            pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        if self.impersonate_user:
            headers["Impersonate-User"] = self.impersonate_user
        if self.impersonate_uid:
            headers["Impersonate-Uid"] = self.impersonate_uid
        return headers

    @contextlib.contextmanager
    def certificate_files(self) -> Iterator[tuple[str, str]]:
        """Give the client certificate as two files for the time a TLS context needs to read them."""
        if not self.cert_data:
            yield self.cert_file, self.key_file
            return
        with tempfile.TemporaryDirectory(prefix="k8s-tutor-tls-") as folder:
            cert, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
            cert.write_bytes(self.cert_data)
            key.touch(mode=0o600)
            key.write_bytes(self.key_data)
            yield str(cert), str(key)


def load_document(path: Path) -> dict[str, Any]:
    """Read one kubeconfig file.

    Raises:
        KubeconfigError: it is missing, unreadable, or no kubeconfig.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  CSafeLoader is safe
    except FileNotFoundError:
        raise KubeconfigError(
            f"The kubeconfig {path} does not exist.",
            "Why: the cluster it belonged to was removed, or none was started yet.",
            "Next: k8s-tutor cluster start.",
        ) from None
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise KubeconfigError(
            f"The kubeconfig {path} cannot be read.",
            f"Why: {' '.join(str(error).split())}.",
            "Next: k8s-tutor cluster kubeconfig writes a fresh one.",
        ) from None
    if not isinstance(document, dict):
        raise KubeconfigError(
            f"The kubeconfig {path} is not a mapping of clusters, users and contexts.",
            "Why: it is empty or another kind of file.",
            "Next: k8s-tutor cluster kubeconfig writes a fresh one.",
        )
    return document


def named(document: dict[str, Any], section: str, inner: str, name: str) -> dict[str, Any]:
    """Return the entry of a section (``clusters``/``cluster``) with this name, or an empty one."""
    for entry in document.get(section) or ():
        if isinstance(entry, dict) and entry.get("name") == name:
            value = entry.get(inner)
            return value if isinstance(value, dict) else {}
    return {}


def load_target(
    path: str | os.PathLike[str],
    context: str | None = None,
    namespace: str | None = None,
    *,
    cluster: str | None = None,
    user: str | None = None,
) -> Target:
    """Read a kubeconfig's context into a `Target`.

    Args:
        path: the file.
        context: its context; the current one if not given.
        namespace: overrides the context's.
        cluster: overrides the context's cluster.
        user: overrides the context's user.

    Raises:
        KubeconfigError: no such file, context, cluster or server.
    """
    file = Path(path).expanduser()
    document = load_document(file)
    context_name = context or document.get("current-context") or ""
    chosen = named(document, "contexts", "context", context_name)
    if not chosen and context:
        raise KubeconfigError(
            f'context "{context}" does not exist',
            f"Why: {file} has no such entry under contexts.",
            "Next: k8s-tutor kubectl config get-contexts.",
        )
    cluster_name, user_name = cluster or chosen.get("cluster", ""), user or chosen.get("user", "")
    endpoint = named(document, "clusters", "cluster", cluster_name)
    if not endpoint.get("server"):
        raise KubeconfigError(
            f'cluster "{cluster_name}" has no server',
            f"Why: {file}: clusters[name={cluster_name}].cluster.server is missing.",
            "Next: k8s-tutor cluster kubeconfig writes a fresh one.",
        )
    person = named(document, "users", "user", user_name)
    target = Target(
        server=str(endpoint["server"]).rstrip("/"),
        context_name=context_name,
        namespace=namespace or chosen.get("namespace") or "default",
        ca_data=_decoded(endpoint, "certificate-authority-data", file),
        ca_file=_beside(file, endpoint.get("certificate-authority")),
        verify=not endpoint.get("insecure-skip-tls-verify", False),
        tls_server_name=endpoint.get("tls-server-name", ""),
        proxy_url=endpoint.get("proxy-url", ""),
        token=person.get("token", ""),
        token_file=_beside(file, person.get("tokenFile")),
        username=person.get("username", ""),
        password=person.get("password", ""),
        cert_data=_decoded(person, "client-certificate-data", file),
        key_data=_decoded(person, "client-key-data", file),
        cert_file=_beside(file, person.get("client-certificate")),
        key_file=_beside(file, person.get("client-key")),
        impersonate_user=person.get("as", ""),
        impersonate_groups=tuple(person.get("as-groups") or ()),
        impersonate_uid=person.get("as-uid", ""),
    )
    return _with_plugin(target, file) if person.get("exec") or person.get("auth-provider") else target


def _with_plugin(target: Target, file: Path) -> Target:
    """Let the official loader run the credential plugin, and take the token or certificate it got."""
    config = official.whole("kubernetes.config")
    configuration = official.whole("kubernetes.client").Configuration()
    config.load_kube_config(str(file), context=target.context_name or None, client_configuration=configuration)
    token = (configuration.api_key or {}).get("authorization", "") or ""
    return target.changed(
        token=token.removeprefix("Bearer ").strip(),
        cert_file=configuration.cert_file or target.cert_file,
        key_file=configuration.key_file or target.key_file,
    )


def _decoded(entry: dict[str, Any], key: str, file: Path) -> bytes:
    value = entry.get(key)
    if not value:
        return b""
    try:
        return base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError, TypeError):
        raise KubeconfigError(
            f"The kubeconfig {file} has a broken {key}.",
            "Why: it is not base64.",
            "Next: k8s-tutor cluster kubeconfig writes a fresh one.",
        ) from None


def _beside(file: Path, value: object) -> str:
    """Relative paths in a kubeconfig are relative to its folder."""
    return str(file.parent / value) if isinstance(value, str) and value else ""
