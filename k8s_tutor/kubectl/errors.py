"""Errors of the command language, and kubectl's words for them (kubectl, ``cmd/util``: ``checkErr``)."""

from urllib.parse import urlsplit

from k8s_tutor.client import ApiError, ConnectionFailedError, KubeconfigError, NoMatchError
from k8s_tutor.errors import RefusedError
from k8s_tutor.kubectl.text import quoted


class CommandError(Exception):
    """A refusal of the command itself.

    Args:
        message: what kubectl says, without ``error: ``.
        exit_code: of the call.
        bare: print the message as it is.
        output: what goes to the output stream before it.
    """

    def __init__(self, message: str, *, exit_code: int = 1, bare: bool = False, output: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.bare = bare
        self.output = output


class SeveralErrors(Exception):  # noqa: N818  it is what its name says: a collection
    """Several errors of one call, each told on its own line."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__("[" + ", ".join(str(error) for error in errors) + "]")
        self.errors = errors


def raise_all(errors: list[Exception]) -> None:
    """Raise what was collected: nothing, the one, or all."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralErrors(errors)


def with_source(error: Exception, verb: str, source: str) -> Exception:
    """Name the file an object came from in an error about it."""
    if not source or isinstance(error, RefusedError):
        return error
    text = f"error when {verb} {quoted(source)}: {error}"
    if isinstance(error, ApiError):
        body = {**error.body, "message": text}
        return ApiError(error.status, error.reason, text, body)
    return CommandError(text)


def message_of(error: Exception) -> str:
    """Return one error in kubectl's standard form, without ``error: `` for plain ones."""
    if isinstance(error, ApiError):
        if error.reason == "Unauthorized":
            return f"error: You must be logged in to the server ({error.message})"
        return f"Error from server ({error.reason}): {error}" if error.reason else f"Error from server: {error}"
    if isinstance(error, ConnectionFailedError):
        host = urlsplit(error.server).netloc
        if error.cause == "refused":
            return f"The connection to the server {host} was refused - did you specify the right host or port?"
        detail = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return f"Unable to connect to the server: {detail if error.cause == 'timeout' else error.detail}"
    return str(error)


def report(error: Exception) -> tuple[str, int]:
    """Return what goes to the error stream, and the exit code."""
    if isinstance(error, SeveralErrors) and all(isinstance(one, RefusedError) for one in error.errors):
        return report(error.errors[0])
    if isinstance(error, RefusedError):
        return error.render(), error.exit_code
    if isinstance(error, SeveralErrors):
        return "\n".join(message_of(one) for one in error.errors), 1
    if isinstance(error, ApiError):
        if error.reason == "Invalid" and error.status == 422:
            return _invalid(error), 1
        return message_of(error), 1
    if isinstance(error, ConnectionFailedError):
        return message_of(error), 1
    if isinstance(error, KubeconfigError):
        return f"error: {error.what}", 1
    if isinstance(error, CommandError):
        text = error.message if error.bare or error.message.startswith("error: ") else f"error: {error.message}"
        return (text if error.message else ""), error.exit_code
    if isinstance(error, NoMatchError):
        return f'error: the server doesn\'t have a resource type "{error}"', 1
    text = str(error) or type(error).__name__
    return (text if text.startswith("error: ") else f"error: {text}"), 1


def _invalid(error: ApiError) -> str:
    details = error.details
    if not details:
        return f"The request is invalid: {error.message}" if error.message else "The request is invalid"
    causes = details.get("causes") or []
    subject = "The request is invalid"
    if details.get("kind") or details.get("name"):
        subject = f"The {details.get('kind', '')} {quoted(details.get('name', ''))} is invalid"
    elif error.message and not causes:
        return f"{subject}: {error.message}"
    told = list(dict.fromkeys(f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in causes))
    if not told:
        return subject
    if len(told) == 1:
        return f"{subject}: {told[0]}"
    return "\n".join([f"{subject}: ", *(f"* {text}" for text in told)])
