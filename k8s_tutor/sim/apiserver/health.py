"""``/healthz``, ``/livez``, ``/readyz``: one word, or a line for each check with ``?verbose``."""

from collections.abc import Callable

from k8s_tutor.sim.apiserver.http.message import TEXT, Request, Response

Check = Callable[[], str | None]  # what is wrong, or None
NO_CACHE = [("Cache-Control", "no-cache, private"), ("X-Content-Type-Options", "nosniff")]


# The hooks of a server with the default feature gates, in the order in which they are run.
HOOKS = (
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "storage-object-count-tracker-hook",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "start-system-namespaces-controller",
    "peer-endpoint-reconciler-controller",
    "start-cluster-authentication-info-controller",
    "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector",
    "storage-readiness",
    "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "start-kubernetes-service-cidr-controller",
    "start-kube-aggregator-informers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-discovery-controller",
    "kube-apiserver-autoregistration",
    "autoregister-completion",
    "apiservice-openapi-controller",
    "apiservice-openapiv3-controller",
)
LOOPBACK = "loopback-serving-certificate"
READINESS = frozenset(("etcd-readiness", "informer-sync", "shutdown"))


def _fine() -> None:
    """Nothing is wrong."""


class Health:
    """The checks of one server.

    Args:
        quorum: whether etcd answers.
    """

    def __init__(self, quorum: Callable[[], bool]) -> None:
        self._quorum = quorum
        self._checks: dict[str, Check] = {"ping": _fine, "log": _fine, LOOPBACK: _fine}
        self._checks |= {"etcd": self._etcd, "etcd-readiness": self._etcd}
        self._checks["informer-sync"] = _fine
        for name in HOOKS:
            self.add(name if name == "autoregister-completion" else f"poststarthook/{name}", _fine)
        self.add("shutdown", _fine)

    def add(self, name: str, check: Check) -> None:
        """Add a check."""
        self._checks[name] = check

    def names(self, endpoint: str = "readyz") -> list[str]:
        """Return the names of an endpoint's checks: only ``readyz`` asks whether requests can be served."""
        left_out = {LOOPBACK} if endpoint == "readyz" else READINESS
        return [name for name in self._checks if name not in left_out]

    def indicators(self) -> bytes:
        """Return ``/metrics/slis``: each check as a gauge (``component-base/metrics/prometheus/slis``)."""
        name = "kubernetes_healthcheck"
        lines = [
            f"# HELP {name} [STABLE] This metric records the result of a single healthcheck.",
            f"# TYPE {name} gauge",
        ]
        for check in sorted(self._checks):
            value = int(self._checks[check]() is None)
            asking = (endpoint for endpoint in ("healthz", "livez", "readyz") if check in self.names(endpoint))
            lines += [f'{name}{{name="{check}",type="{endpoint}"}} {value}' for endpoint in asking]
        return ("\n".join(lines) + "\n").encode()

    def _etcd(self) -> str | None:
        return None if self._quorum() else "etcd failed: error getting data from etcd: context deadline exceeded"

    def answer(self, request: Request) -> Response:
        """Answer a health path."""
        endpoint, _, single = request.path.strip("/").partition("/")
        excluded = set(request.query.get("exclude", ()))
        if single:
            check = self._checks.get(single) if single in self.names(endpoint) else None
            if check is None:
                return Response(404, b"404 page not found\n", TEXT, list(NO_CACHE))
            problem = check()
            if problem is None:
                return Response(200, b"ok", TEXT, NO_CACHE[:1])
            return self._text(500, f"internal server error: {problem}\n")
        lines, failed = [], []
        for name in self.names(endpoint):
            check = self._checks[name]
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok")
            elif check() is None:
                lines.append(f"[+]{name} ok")
            else:
                failed.append(name)
                lines.append(f"[-]{name} failed: reason withheld")
        unknown = sorted(excluded - set(self.names(endpoint)))
        if unknown:
            quoted = ",".join(f'"{name}"' for name in unknown)
            lines.append(f"warn: some health checks cannot be excluded: no matches for {quoted}")
        if failed:
            return self._text(500, "\n".join([*lines, f"{endpoint} check failed\n"]))
        if "verbose" in request.query:
            return self._text(200, "\n".join([*lines, f"{endpoint} check passed\n"]))
        return self._text(200, "ok")

    def _text(self, status: int, text: str) -> Response:
        return Response(status, text.encode(), TEXT, list(NO_CACHE))
