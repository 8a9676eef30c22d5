"""``/healthz``, ``/livez``, ``/readyz``: one word, or a line for each check with ``?verbose``."""

from collections.abc import Callable

from k8s_tutor.sim.apiserver.http.message import TEXT, Request, Response

Check = Callable[[], str | None]  # what is wrong, or None
NO_CACHE = [("Cache-Control", "no-cache, private"), ("X-Content-Type-Options", "nosniff")]


class Health:
    """The checks of one server."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {"ping": lambda: None, "log": lambda: None}

    def add(self, name: str, check: Check) -> None:
        """Add a check."""
        self._checks[name] = check

    def names(self) -> list[str]:
        """Return the checks' names."""
        return list(self._checks)

    def answer(self, request: Request) -> Response:
        """Answer a health path."""
        endpoint, _, single = request.path.strip("/").partition("/")
        excluded = set(request.query.get("exclude", ()))
        if single:
            check = self._checks.get(single)
            if check is None:
                return Response(404, b"404 page not found\n", TEXT)
            problem = check()
            return self._text(200, "ok") if problem is None else self._text(500, f"internal server error: {problem}\n")
        lines, failed = [], []
        for name, check in self._checks.items():
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok")
            elif check() is None:
                lines.append(f"[+]{name} ok")
            else:
                failed.append(name)
                lines.append(f"[-]{name} failed: reason withheld")
        if failed:
            return self._text(500, "\n".join([*lines, f"{endpoint} check failed\n"]))
        if "verbose" in request.query:
            return self._text(200, "\n".join([*lines, f"{endpoint} check passed\n"]))
        return self._text(200, "ok")

    def _text(self, status: int, text: str) -> Response:
        return Response(status, text.encode(), TEXT, list(NO_CACHE))
