"""Errors of the API as values: small frozen causes, one exception, one rendering to ``metav1.Status``.

The words are those of upstream's ``k8s.io/apimachinery/pkg/api/errors`` and ``.../util/validation/field``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field, as upstream's ``field.Error``.

    Attributes:
        reason: cause reason: ``FieldValueRequired``, ``FieldValueInvalid``, ``FieldValueNotSupported`` …
        field: path such as ``spec.containers[0].name``.
        message: the cause's message, e.g. ``Invalid value: "x": must be …``.
    """

    reason: str
    field: str
    message: str


class ApiError(Exception):
    """A request that ends in a Status of failure.

    Args:
        code: HTTP status.
        reason: ``NotFound``, ``AlreadyExists``, ``Conflict``, ``Invalid`` …
        message: human text.
        details: the Status' ``details``.
        headers: extra headers of the answer (``Retry-After``).
        token: a continue token, for lists that may go on in spite of the failure.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Json | None = None,
        headers: Mapping[str, str] | None = None,
        token: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = dict(headers or {})
        self.token = token

    def status(self) -> Json:
        """Return the ``Status`` object of the answer."""
        meta = {"continue": self.token} if self.token else {}
        out: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": meta,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            out["reason"] = self.reason
        if self.details is not None:
            out["details"] = self.details
        out["code"] = self.code
        return out


def qualified(resource: str, group: str) -> str:
    """``deployments.apps``, or ``pods`` for the core group."""
    return f"{resource}.{group}" if group else resource


def _details(name: str, group: str, kind: str, **more: Any) -> Json:
    out: Json = {}
    if name:
        out["name"] = name
    if group:
        out["group"] = group
    if kind:
        out["kind"] = kind
    return out | more


def not_found(resource: str, group: str, name: str) -> ApiError:
    """404: no such object."""
    text = f'{qualified(resource, group)} "{name}" not found'
    return ApiError(404, "NotFound", text, _details(name, group, resource))


def already_exists(resource: str, group: str, name: str) -> ApiError:
    """409 on create."""
    text = f'{qualified(resource, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", text, _details(name, group, resource))


def conflict(resource: str, group: str, name: str, why: str) -> ApiError:
    """409: optimistic lock or precondition."""
    text = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}'
    return ApiError(409, "Conflict", text, _details(name, group, resource))


def forbidden(resource: str, group: str, name: str, why: str) -> ApiError:
    """403 by admission or authorization."""
    what = qualified(resource, group)
    text = f'{what} "{name}" is forbidden: {why}' if name else f"{what} is forbidden: {why}"
    return ApiError(403, "Forbidden", text, _details(name, group, resource))


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def invalid(kind: str, group: str, name: str, errors: Iterable[FieldError]) -> ApiError:
    """422 with one cause a field error, in their order."""
    causes = [{"reason": e.reason, "message": e.message, "field": e.field} for e in errors]
    lines = list(dict.fromkeys(f"{cause['field']}: {cause['message']}" for cause in causes))
    body = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    text = f'{qualified(kind, group)} "{name}" is invalid: {body}'
    return ApiError(422, "Invalid", text, _details(name, group, kind, causes=causes))


def not_allowed() -> ApiError:
    """405."""
    text = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", text, {})


def gone(message: str) -> ApiError:
    """410: the resource version is too old to watch or continue from."""
    return ApiError(410, "Expired", message)
