"""Query parameters and their checks (``CreateOptions``, ``ListOptions`` …).

Mirrors ``apimachinery/pkg/apis/meta/v1`` (conversion of query values) and ``.../validation``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.conforming import conform
from k8s_tutor.apimachinery.leaves import LeafError, parse_duration
from k8s_tutor.apimachinery.schema import type_for
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.http.message import Request
from k8s_tutor.sim.apiserver.requestinfo import RequestInfo
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, invalid
from k8s_tutor.sim.registry.attributes import DeleteOptions
from k8s_tutor.sim.resources.shared.gotext import quote

META = "meta.k8s.io"
INTEGER = re.compile(r"[-+]?[0-9]+")
NOT_OLDER = "NotOlderThan"
MAX_MANAGER = 128
LONG_VERBS = frozenset(("watch", "proxy"))
LONG_SUBRESOURCES = frozenset(("attach", "exec", "proxy", "log", "portforward"))
POLICIES = ("Foreground", "Background", "Orphan")


def integer(request: Request, name: str) -> int | None:
    """Return a parameter as int64.

    Raises:
        ApiError: 400 in Go's words.
    """
    text = request.param(name)
    if not text:
        return None
    if not INTEGER.fullmatch(text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    value = int(text)
    if not -(1 << 63) <= value < 1 << 63:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": value out of range')
    return value


def boolean(request: Request, name: str) -> bool:
    """Return a parameter as Go's query conversion reads booleans: present without value is true."""
    if name not in request.query:
        return False
    return request.param(name).lower() not in {"false", "0"}


def check_timeout(request: Request, info: RequestInfo) -> None:
    """Refuse a ``timeout`` that is no duration, before anything else (upstream: ``filters/request_deadline.go``).

    Raises:
        ApiError: 400.
    """
    text = request.param("timeout") if "timeout" in request.raw_query else ""
    if not text or info.verb in LONG_VERBS or info.subresource in LONG_SUBRESOURCES:
        return
    try:
        parse_duration(text)
    except LeafError as error:
        raise bad_request(f"invalid timeout specified in the request URL - {error}") from None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Of create, update and patch."""

    dry_run: bool
    field_validation: str
    force: bool


def write_options(request: Request, kind: str) -> WriteOptions:
    """Return the checked options of a write; ``kind`` is ``CreateOptions``, ``UpdateOptions`` or ``PatchOptions``."""
    if not request.raw_query:
        return WriteOptions(False, "Warn", False)
    errors = _dry_run_errors(request.query.get("dryRun", []))
    manager = request.param("fieldManager")
    if len(manager.encode()) > MAX_MANAGER:
        errors.append(
            FieldError("FieldValueTooLong", "fieldManager", f"Too long: may not be more than {MAX_MANAGER} bytes")
        )
    elif not manager.isprintable():
        place, bad = next((place, char) for place, char in enumerate(manager) if not char.isprintable())
        text = f"Invalid value: {quote(manager)}: invalid character U+{ord(bad):04X} (at position {place})"
        errors.append(FieldError("FieldValueInvalid", "fieldManager", text))
    validation = request.param("fieldValidation")
    if validation not in {"", "Ignore", "Warn", "Strict"}:
        text = f'Unsupported value: "{validation}": supported values: "", "Ignore", "Strict", "Warn"'
        errors.append(FieldError("FieldValueNotSupported", "fieldValidation", text))
    if errors:
        raise invalid(kind, META, "", errors)
    return WriteOptions("All" in request.query.get("dryRun", ()), validation or "Warn", boolean(request, "force"))


def _dry_run_errors(values: Sequence[str]) -> list[FieldError]:
    wrong = [value for value in values if value not in {"All", ""}]
    if not wrong:
        return []
    shown = "[" + ",".join(f'"{value}"' for value in values) + "]"
    text = f'Unsupported value: {shown}: supported values: "All"'
    return [FieldError("FieldValueNotSupported", "dryRun", text)]


def delete_options(request: Request, body: Mapping[str, Any] | None) -> tuple[DeleteOptions, bool]:
    """Return the checked options of a delete (from its body, else its query), and whether it is a dry run."""
    raw: dict[str, Any] = dict(body or {})
    kind = type_for("", "v1", "DeleteOptions")
    if raw and kind is not None and (why := conform(raw, kind).type_error):
        raise bad_request(why)
    if not raw:
        grace = integer(request, "gracePeriodSeconds")
        if grace is not None:
            raw["gracePeriodSeconds"] = grace
        if policy := request.param("propagationPolicy"):
            raw["propagationPolicy"] = policy
        if "orphanDependents" in request.query:
            raw["orphanDependents"] = boolean(request, "orphanDependents")
        if "dryRun" in request.query:
            raw["dryRun"] = request.query["dryRun"]
    errors = _propagation_errors(raw) + _dry_run_errors(raw.get("dryRun") or [])
    if errors:
        raise invalid("DeleteOptions", META, "", errors)
    chosen: str | None = raw.get("propagationPolicy")
    if "orphanDependents" in raw:
        chosen = "Orphan" if raw["orphanDependents"] else "Background"
    preconditions = {key: value for key, value in (raw.get("preconditions") or {}).items() if value}
    return DeleteOptions(raw.get("gracePeriodSeconds"), chosen, preconditions), bool(raw.get("dryRun"))


def _propagation_errors(raw: Json) -> list[FieldError]:
    policy = raw.get("propagationPolicy")
    if policy is None:
        return []
    if "orphanDependents" in raw:
        text = f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set'
        return [FieldError("FieldValueInvalid", "propagationPolicy", text)]
    if policy not in POLICIES:
        text = f'Unsupported value: "{policy}": supported values: "Foreground", "Background", "Orphan", "nil"'
        return [FieldError("FieldValueNotSupported", "propagationPolicy", text)]
    return []


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Of list and watch."""

    limit: int
    token: str
    version: str
    match: str
    timeout: int | None
    bookmarks: bool
    initial_events: bool | None


def list_options(request: Request, *, watch: bool) -> ListOptions:
    """Return the checked options of a list or watch."""
    if not request.raw_query:
        return ListOptions(0, "", "", "", None, False, None)
    limit = integer(request, "limit") or 0
    timeout = integer(request, "timeoutSeconds")
    initial = boolean(request, "sendInitialEvents") if "sendInitialEvents" in request.query else None
    options = ListOptions(
        max(limit, 0),
        request.param("continue"),
        request.param("resourceVersion"),
        request.param("resourceVersionMatch"),
        timeout,
        boolean(request, "allowWatchBookmarks"),
        initial,
    )
    errors = _watch_errors(options) if watch else _list_errors(options)
    if errors:
        raise invalid("ListOptions", META, "", errors)
    return options


def _forbidden(field: str, why: str) -> FieldError:
    return FieldError("FieldValueForbidden", field, f"Forbidden: {why}")


def _watch_errors(options: ListOptions) -> list[FieldError]:
    match, field = options.match, "resourceVersionMatch"
    errors = []
    if options.initial_events is not None and match != NOT_OLDER:
        errors.append(_forbidden(field, f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"))
    if match and options.initial_events is None:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        errors.append(_forbidden(field, why))
    if match and match != NOT_OLDER:
        text = f'Unsupported value: "{match}": supported values: "{NOT_OLDER}"'
        errors.append(FieldError("FieldValueNotSupported", field, text))
    from_now = options.version in {"", "0"}  # has a match by default
    if options.token and (match or from_now):
        errors.append(_forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
    return errors


def _list_errors(options: ListOptions) -> list[FieldError]:
    match, field = options.match, "resourceVersionMatch"
    errors = []
    if match and not options.version:
        errors.append(_forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if match and options.token:
        errors.append(_forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
    if match not in {"", "Exact", NOT_OLDER}:
        text = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        errors.append(FieldError("FieldValueNotSupported", field, text))
    if match == "Exact" and options.version == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        errors.append(_forbidden(field, why))
    if options.initial_events is not None:
        errors.append(_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return errors


def revision(text: str, *, watch: bool = False) -> int:
    """Return a resource version as number ("" is 0).

    Raises:
        ApiError: 400 (list) or 500 (watch) in upstream's words.
    """
    if not text:
        return 0
    if text.isdecimal() and text.isascii():
        return int(text)
    why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    if watch:
        raise ApiError(500, "", why)
    raise bad_request(f"invalid resource version: {why}")
