"""Talks to the practice cluster's own small API (``/k8s-tutor/v1``: clock, snapshots, components) over HTTPS.

Only the practice provider uses it. The certificate authority and token are those of the cluster's kubeconfig.
"""

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from k8s_tutor.errors import ClusterUnavailableError, UsageError

RESTART = "Type: k8s-tutor cluster start"


@dataclass(frozen=True, slots=True)
class Access:
    """Server and credentials out of a kubeconfig."""

    host: str
    port: int
    authority: str
    token: str

    @classmethod
    def read(cls, kubeconfig: Path) -> "Access":
        """Read the current context's access.

        Raises:
            ClusterUnavailableError: the file is missing or is not a kubeconfig with CA data and token.
        """
        import yaml

        try:
            config = yaml.load(kubeconfig.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            server = urlsplit(config["clusters"][0]["cluster"]["server"])
            authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
            token = config["users"][0]["user"]["token"]
        except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError, ValueError) as error:
            raise ClusterUnavailableError(
                "The practice cluster's kubeconfig cannot be used.", f"{kubeconfig}: {error}", RESTART
            ) from error
        return cls(server.hostname or "127.0.0.1", server.port or 443, authority, token)


class Control:
    """One connection a call: calls are rare, and the process behind may come and go."""

    def __init__(self, kubeconfig: Path) -> None:
        self._access = Access.read(kubeconfig)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 60.0) -> dict[str, Any]:
        """Call ``/k8s-tutor/v1`` + path; returns the JSON answer.

        Raises:
            ClusterUnavailableError: nobody answers, or the call failed.
            UsageError: there is no such snapshot, node or component.
        """
        access = self._access
        connection = http.client.HTTPSConnection(
            access.host, access.port, timeout=timeout, context=ssl.create_default_context(cadata=access.authority)
        )
        headers = {"Authorization": f"Bearer {access.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, f"/k8s-tutor/v1{path}", json.dumps(body) if body is not None else None, headers)
            reply = connection.getresponse()
            raw = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise ClusterUnavailableError("The practice cluster does not answer.", str(error), RESTART) from error
        finally:
            connection.close()
        try:
            answer = json.loads(raw) if raw else {}
        except ValueError:
            answer = {"message": raw[:200].decode("utf-8", "replace")}
        if reply.status >= http.client.BAD_REQUEST:
            why = str(answer.get("message") or answer.get("error") or reply.reason)
            if reply.status == http.client.NOT_FOUND:
                next_step = (
                    "Type: k8s-tutor cluster status, and name what it has; a snapshot lasts while its cluster runs."
                )
                raise UsageError("The practice cluster has nothing of that name.", why, next_step)
            raise ClusterUnavailableError(f"The practice cluster refused {method} {path}.", why, RESTART)
        return answer if isinstance(answer, dict) else {"items": answer}
