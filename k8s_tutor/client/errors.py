"""What can go wrong between us and an API server.

`ApiError` is an answer that is not a success: the ``Status`` object, or for answers without one the sentence that
client-go makes of the code (apimachinery, ``api/errors``: ``NewGenericServerResponse``). `ConnectionFailedError` is no
answer at all.
"""

import json
from typing import Any, ClassVar

from k8s_tutor.errors import ClusterUnavailableError

_GENERIC: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", "the server does not allow access to the requested resource"),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", "the server was unable to respond with a content type that the client supports"),
    409: ("Conflict", "the server reported a conflict"),
    413: ("RequestEntityTooLarge", "the request body is too large"),
    415: ("UnsupportedMediaType", "the body of the request was in an unknown format"),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "an error on the server has prevented the request from succeeding"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "the server was unable to return a response in the time allotted"),
}


class ApiError(Exception):
    """The server's refusal.

    Args:
        status: the HTTP code.
        reason: the machine-readable reason (``NotFound``, ``AlreadyExists``, …).
        message: the server's sentence.
        body: the ``Status`` object as it came, or one made from the code.
    """

    def __init__(self, status: int, reason: str, message: str, body: dict[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.body = body

    @property
    def details(self) -> dict[str, Any]:
        """The ``details`` of the Status: name, kind, group, causes."""
        details = self.body.get("details")
        return details if isinstance(details, dict) else {}

    @classmethod
    def from_answer(cls, status: int, data: bytes) -> "ApiError":
        """Read an error answer, Status or not."""
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        if isinstance(body, dict) and body.get("kind") == "Status":
            return cls(status, body.get("reason", ""), body.get("message") or "unknown", body)
        reason, message = _GENERIC.get(status, ("", f"the server responded with the status code {status}"))
        text = data.decode("utf-8", "replace").strip()
        if text and status not in {404, 406}:
            message = f"{message} ({text[:400]})" if status >= 500 else text[:400]
        made = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": message}
        return cls(status, reason, message, made)


class ConnectionFailedError(ClusterUnavailableError):
    """Nobody answers: refused, timed out, not the expected certificate.

    Args:
        server: the URL asked.
        cause: ``refused``, ``timeout``, ``certificate`` or ``network``.
        detail: the library's own words.
    """

    CAUSES: ClassVar[dict[str, str]] = {
        "refused": "the connection was refused: the cluster's process is not running, or listens elsewhere",
        "timeout": "no answer came in time: the cluster is busy, stopped, or the network swallows the packets",
        "certificate": "the server's certificate is not signed by the authority named in the kubeconfig",
        "network": "the network refused",
    }

    def __init__(self, server: str, cause: str, detail: str) -> None:
        super().__init__(
            f"The cluster at {server} does not answer.",
            f"Why: {self.CAUSES[cause]} ({detail}).",
            "Next: k8s-tutor cluster status, then k8s-tutor cluster start.",
        )
        self.server = server
        self.cause = cause
        self.detail = detail
