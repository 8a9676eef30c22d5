"""The formats that a CRD's schema may name; others are ignored.

Mirrors ``kube-openapi/pkg/validation/strfmt``.
"""

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from k8s_tutor.apimachinery import leaves, names

_UUID: Final = "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?%s-?%s-?[0-9a-f]{12}"
_DATE_TIME: Final = r"\d{4}-\d{2}-\d{2}[tT ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[zZ]|[+-]\d{2}:?\d{2})?"
_DURATION: Final = r"(?i)\s*(\d+(?:\.\d+)?\s*(?:ns|nanos?|us|µs|micros?|ms|millis?|s|sec(?:ond)?s?|m|min(?:ute)?s?|h|hrs?|hours?|d|days?|w|wks?|weeks?)\s*)+"


def _pattern(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_cidr(text: str) -> bool:
    try:
        return "/" in text and bool(ip_network(text, strict=False))
    except ValueError:
        return False


def _is_duration(text: str) -> bool:
    try:
        leaves.parse_duration(text)
    except leaves.LeafError:
        return re.fullmatch(_DURATION, text) is not None
    return True


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return not re.search(r"[\s<>\"]", text) and bool(parts.scheme or text.startswith("/"))


_any = "[0-9a-f]{4}"
FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "date-time": _pattern(_DATE_TIME),
    "datetime": _pattern(_DATE_TIME),
    "duration": _is_duration,
    "uri": _is_uri,
    "email": _pattern(r"(?:[^@<>]*<)?[^@\s<>]+@[^@\s<>]+>?"),
    "hostname": _pattern(r"(?=.{1,255})[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*\.?"),
    "ipv4": lambda text: (address := names.parse_ip(text)) is not None and address.version == 4,
    "ipv6": lambda text: (address := names.parse_ip(text)) is not None and address.version == 6,
    "cidr": _is_cidr,
    "mac": _pattern(r"(?:[0-9A-Fa-f]{2}[:-]){5}(?:[0-9A-Fa-f]{2}[:-]?){1,3}|(?:[0-9A-Fa-f]{4}\.){2,3}[0-9A-Fa-f]{4}"),
    "uuid": _pattern(_UUID % (_any, _any)),
    "uuid3": _pattern(_UUID % ("3[0-9a-f]{3}", _any)),
    "uuid4": _pattern(_UUID % ("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}")),
    "uuid5": _pattern(_UUID % ("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}")),
    "byte": _pattern(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"),
    "hexcolor": _pattern("#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _pattern(r"rgb\((?:\s*\d{1,3}\s*,){2}\s*\d{1,3}\s*\)"),
    "ssn": _pattern(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "bsonobjectid": _pattern("[0-9a-fA-F]{24}"),
    "password": lambda _: True,
    "k8s-short-name": lambda text: not names.is_dns1123_label(text),
    "k8s-long-name": lambda text: not names.is_dns1123_subdomain(text),
}
