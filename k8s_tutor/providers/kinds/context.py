"""An existing context of the user's kubeconfig: somebody's real cluster, so guarded.

The named context is copied into a kubeconfig of our own; the user's file is only read. It is used after an explicit
confirmation, and where the server is not on this machine only with ``--i-know-this-is-shared``.
"""

import ipaddress
import os
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from k8s_tutor import paths
from k8s_tutor.errors import ClusterUnavailableError, RefusedError, UsageError
from k8s_tutor.providers.contract import Capability, Provider, ProviderStatus

FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class ContextProvider(Provider):
    """See the module.

    Args:
        context: name of the context.
        confirmed: the user said yes to using it.
        shared: the user said ``--i-know-this-is-shared``.
        source: kubeconfig to read; ``KUBECONFIG``'s first file or ``~/.kube/config`` if not given.
    """

    name: ClassVar[str] = "context"
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def __init__(
        self, context: str = "", *, confirmed: bool = False, shared: bool = False, source: str | None = None
    ) -> None:
        if not context:
            raise UsageError(
                "Which context?",
                "The provider «context» uses one context of your kubeconfig.",
                "Type: k8s-tutor provider use context --context NAME",
            )
        self._context = context
        self._confirmed = confirmed
        self._shared = shared
        self._source = Path(source or _user_kubeconfig())

    @property
    def source(self) -> Path:
        """The kubeconfig that names the context; remembered, as ``KUBECONFIG`` may name ours later."""
        return self._source

    @property
    def _file(self) -> Path:
        return paths.state_dir() / "context.kubeconfig"

    def start(self) -> None:
        config = self._extract()
        server = str(config["clusters"][0]["cluster"].get("server", ""))
        if not is_loopback(server) and not self._shared:
            raise RefusedError(
                f"The context «{self._context}» is not a cluster on this machine: {server}",
                "Others may work on it. The tutor would make and delete namespaces of its own there.",
                f"If you are sure: k8s-tutor provider use context --context {self._context} --i-know-this-is-shared",
            )
        if not self._confirmed:
            raise RefusedError(
                f"The context «{self._context}» ({server}) was not confirmed.",
                "The tutor acts on a real cluster only after you said yes.",
                f"Type: k8s-tutor provider use context --context {self._context} --yes",
            )
        import yaml

        paths.write_atomically(self._file, yaml.safe_dump(config, sort_keys=False))

    def stop(self) -> None:
        self._file.unlink(missing_ok=True)

    def status(self) -> ProviderStatus:
        used = self._file.exists()
        word = "in use" if used else "not in use"
        return ProviderStatus(running=used, summary=f"context «{self._context}» of {self._source}: {word}")

    def reset(self) -> None:
        raise RefusedError(
            f"The context «{self._context}» is somebody's real cluster.",
            "The tutor never resets a cluster that it did not make.",
            "Type: k8s-tutor reset EXERCISE to empty the exercise's own namespaces",
        )

    def kubeconfig(self) -> Path:
        if not self._file.exists():
            raise ClusterUnavailableError(
                f"The context «{self._context}» is not in use yet.", "", "Type: k8s-tutor cluster start"
            )
        return self._file

    def _extract(self) -> dict[str, Any]:
        """Return a kubeconfig that holds just this context, its cluster and its user."""
        import yaml

        try:
            config = yaml.load(self._source.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        except OSError as error:
            raise ClusterUnavailableError(
                "Your kubeconfig cannot be read.", str(error), "Set KUBECONFIG to the right file."
            ) from error
        except yaml.YAMLError as error:
            raise ClusterUnavailableError("Your kubeconfig is not YAML.", str(error), "Mend it.") from error
        context = _named(config, "contexts", self._context)
        if context is None:
            known = ", ".join(str(c.get("name")) for c in config.get("contexts") or []) or "none"
            raise UsageError(
                f"There is no context «{self._context}» in {self._source}.",
                f"It has: {known}.",
                "Type: k8s-tutor provider use context --context NAME",
            )
        names = context.get("context") or {}
        cluster, user = _named(config, "clusters", names.get("cluster")), _named(config, "users", names.get("user"))
        if cluster is None or user is None:
            raise ClusterUnavailableError(
                f"The context «{self._context}» names a cluster or user that is not in {self._source}.",
                f"cluster {names.get('cluster')!r}, user {names.get('user')!r}",
                "Mend your kubeconfig.",
            )
        for entry in (cluster.get("cluster") or {}, user.get("user") or {}):
            for key in FILES:
                if key in entry:
                    entry[key] = str((self._source.parent / str(entry[key])).resolve())
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster],
            "users": [user],
            "contexts": [context],
            "current-context": self._context,
        }


def _user_kubeconfig() -> str:
    listed = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return listed or str(Path.home() / ".kube" / "config")


def _named(config: dict[str, Any], section: str, name: object) -> dict[str, Any] | None:
    return next((entry for entry in config.get(section) or [] if entry.get("name") == name), None)


def is_loopback(server: str) -> bool:
    """Whether a server's URL names this machine."""
    host = urlsplit(server).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
