"""What makes this cluster itself, whatever its objects: CA, server certificate, token key, the admin's token.

Kept in files (0600) under the state folder, so that a restarted or reset cluster has the same kubeconfig.
"""

import base64
import os
import secrets
import tempfile
from pathlib import Path

from k8s_tutor.sim.auth.pki import SERVER_HOSTS, Pair, expires_soon, issue, make_ca, new_key

ADMIN = "admin"
NAME = "k8s-tutor"


class Identity:
    """The cluster's keys, made when first needed.

    Args:
        folder: where they are kept; None: in memory only.
        token: the admin's bearer token; made if empty.
    """

    def __init__(self, folder: Path | None = None, token: str = "") -> None:
        self._folder = folder
        self._texts: dict[str, str] = {}
        if token:
            self._write("admin.token", token)

    @property
    def ca(self) -> Pair:
        """The certificate authority."""
        if not self._read("ca.crt"):
            pair = make_ca()
            self._write("ca.crt", pair.certificate)
            self._write("ca.key", pair.key)
        return Pair(self._read("ca.crt"), self._read("ca.key"))

    @property
    def ca_pem(self) -> str:
        """The CA's certificate, as in the ConfigMap ``kube-root-ca.crt``."""
        return self.ca.certificate

    @property
    def server(self) -> Pair:
        """The API server's certificate."""
        if not self._read("server.crt") or self._too_old():
            pair = issue(self.ca, "kube-apiserver", hosts=SERVER_HOSTS)
            self._write("server.crt", pair.certificate)
            self._write("server.key", pair.key)
        return Pair(self._read("server.crt"), self._read("server.key"))

    def server_files(self) -> tuple[str, str, str]:
        """Return the files of the server's certificate, its key, and the CA, which TLS wants as files."""
        pair = self.server
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="k8s-tutor-"))
            for name in ("ca.crt", "server.crt", "server.key"):
                write_private(self._folder / name, self._texts[name])
        del pair
        return tuple(str(self._folder / name) for name in ("server.crt", "server.key", "ca.crt"))  # type: ignore[return-value]

    @property
    def token_key(self) -> str:
        """The key (PEM) that signs ServiceAccount tokens."""
        if not self._read("sa.key"):
            self._write("sa.key", new_key())
        return self._read("sa.key")

    @property
    def admin_token(self) -> str:
        """The bearer token of the user ``admin``."""
        if not self._read("admin.token"):
            self._write("admin.token", secrets.token_urlsafe(32))
        return self._read("admin.token")

    def client(self, user: str, groups: tuple[str, ...] = ()) -> Pair:
        """Return a fresh client certificate."""
        return issue(self.ca, user, groups, client=True)

    def kubeconfig(self, port: int, name: str = NAME) -> str:
        """Return the admin's kubeconfig (YAML)."""
        data = base64.b64encode(self.ca.certificate.encode()).decode()
        return (
            "apiVersion: v1\nkind: Config\n"
            f"clusters:\n- name: {name}\n  cluster:\n"
            f"    server: https://127.0.0.1:{port}\n    certificate-authority-data: {data}\n"
            f"users:\n- name: {ADMIN}\n  user:\n    token: {self.admin_token}\n"
            f"contexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: {ADMIN}\n"
            f"current-context: {name}\npreferences: {{}}\n"
        )

    def _too_old(self) -> bool:
        # Looking into the certificate costs an import of cryptography: its file's age tells as well.
        if self._folder is None:
            return False
        age = Path(self._folder / "server.crt")
        import time

        return time.time() - age.stat().st_mtime > 86400 * 300 and expires_soon(self._read("server.crt"))

    def _read(self, name: str) -> str:
        text = self._texts.get(name, "")
        if not text and self._folder is not None:
            path = self._folder / name
            if path.exists():
                text = self._texts[name] = path.read_text()
        return text

    def _write(self, name: str, text: str) -> None:
        self._texts[name] = text
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._folder / name, text)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 atomically."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
