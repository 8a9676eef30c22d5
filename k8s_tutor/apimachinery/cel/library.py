"""The CEL functions that Kubernetes adds: quantities, URLs, IP addresses, regular expressions, lists, sets, formats, semver.

Mirrors ``k8s.io/apiserver/pkg/cel/library``.  The library behind knows no opaque values from Python, so a quantity, URL,
address, network or version is a map with one tagged entry; they compare with ``==`` and pass through variables as they
should.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cel_expr_python import cel

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.cel import lists
from k8s_tutor.apimachinery.cel.format import formatted, joined, quoted
from k8s_tutor.apimachinery.quantity import Quantity, QuantityError

_T: Final = cel.Type
#: What puts an entry into the map that a comprehension makes: the library's own insists on a map of its own kind.
INSERT: Final = "map_insertion_"
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z.-]+))?",
    re.ASCII,
)


def _tagged(tag: str, value: Any) -> dict[str, Any]:
    return {f"kubernetes.{tag}": value}


def _untag(tag: str, value: Any) -> Any:
    found = lists.plain(value)
    if not isinstance(found, dict) or f"kubernetes.{tag}" not in found:
        raise ValueError("no such overload")
    return found[f"kubernetes.{tag}"]


def _succeeds(parse: Callable[[Any], Any]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return check


# Quantities ----------------------------------------------------------------------------------------------------------


def _quantity(text: str) -> dict[str, Any]:
    try:
        return _tagged("Quantity", str(Quantity.parse(text).nanos))
    except QuantityError as error:
        raise ValueError(f"error parsing quantity: {error}") from None


def quantity_value(text: str) -> dict[str, Any]:
    """Return a quantity as a value to evaluate an expression with."""
    return _quantity(text)


def _nanos(value: Any) -> int:
    return int(_untag("Quantity", value))


def _other_nanos(value: Any) -> int:
    plain = lists.plain(value)
    return plain * 10**9 if isinstance(plain, int) else _nanos(plain)


def _as_integer(value: Any) -> int:
    whole, rest = divmod(_nanos(value), 10**9)
    if rest or not -(2**63) <= whole < 2**63:
        raise ValueError("cannot convert value to integer")
    return whole


def _is_integer(value: Any) -> bool:
    return _nanos(value) % 10**9 == 0


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


# URLs ----------------------------------------------------------------------------------------------------------------


def _url(text: str) -> dict[str, Any]:
    parts = urlsplit(text)
    if not (parts.scheme or text.startswith("/")) or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return _tagged("URL", text)


def _url_part(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: read(urlsplit(_untag("URL", value)))


# Addresses -----------------------------------------------------------------------------------------------------------


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        found = ip_address(text)
    except ValueError:
        raise ValueError(f'IP Address "{text}" parse error during conversion from string') from None
    if isinstance(found, IPv6Address) and (found.ipv4_mapped or found.scope_id):
        raise ValueError(f"IPv4-mapped IPv6 address {text!r} is not allowed")
    return found


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError("network address parse error during conversion from string") from None


def _as_address(value: Any) -> IPv4Address | IPv6Address:
    plain = lists.plain(value)
    return _address(plain if isinstance(plain, str) else _untag("IP", plain))


def _as_network(value: Any) -> tuple[str, IPv4Network | IPv6Network]:
    plain = lists.plain(value)
    text = plain if isinstance(plain, str) else _untag("CIDR", plain)
    return text, _network(text)


def _parse_cidr(text: str) -> dict[str, Any]:
    if "/" not in text:
        raise ValueError("network address parse error during conversion from string")
    _network(text)
    return _tagged("CIDR", text)


def _contains_ip(network: Any, address: Any) -> bool:
    return _as_address(address) in _as_network(network)[1]


def _contains_cidr(network: Any, other: Any) -> bool:
    outer, inner = _as_network(network)[1], _as_network(other)[1]
    return outer.version == inner.version and bool(inner.subnet_of(outer))  # type: ignore[arg-type]


# Formats and versions ------------------------------------------------------------------------------------------------


def _format_uri(text: str) -> list[str]:
    return [] if urlsplit(text).scheme or text.startswith("/") else [f'parse "{text}": invalid URI for request']


def _prefixed(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    return lambda text: check(text.rstrip("-"))


def _pattern(pattern: str, complaint: str) -> Callable[[str], list[str]]:
    return lambda text: [] if re.fullmatch(pattern, text) else [complaint]


_FORMATS: Final[dict[str, Callable[[str], list[str]]]] = {
    "dns1123Label": names.is_dns1123_label,
    "dns1123Subdomain": names.is_dns1123_subdomain,
    "dns1035Label": names.is_dns1035_label,
    "qualifiedName": names.is_qualified_name,
    "dns1123LabelPrefix": _prefixed(names.is_dns1123_label),
    "dns1123SubdomainPrefix": _prefixed(names.is_dns1123_subdomain),
    "dns1035LabelPrefix": _prefixed(names.is_dns1035_label),
    "labelValue": names.is_label_value,
    "uri": _format_uri,
    "uuid": _pattern(r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", "does not match the UUID format"),
    "byte": _pattern(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "invalid base64"),
    "date": _pattern(r"\d{4}-\d{2}-\d{2}", "invalid date"),
    "datetime": _pattern(r"\d{4}-\d{2}-\d{2}[tT]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[zZ]|[+-]\d{2}:\d{2})", "invalid datetime"),
}  # fmt: skip


def _format(name: str) -> Callable[[], dict[str, Any]]:
    return lambda: _tagged("Format", name)


def _named_format(name: str) -> dict[str, Any]:
    """Return a format as an optional: what hasValue() and value() take."""
    return _tagged("Found", [name] if name in _FORMATS else [])


def _validate(value: Any, text: str) -> dict[str, Any]:
    """Return the complaints about ``text``, as what stands in for an optional list."""
    return _tagged("Complaints", _FORMATS[_untag("Format", value)](text))


def _complaints(value: Any) -> list[str]:
    """Return what stands in for an optional, empty for none."""
    tag = "Found" if _tag_of(value) == "Found" else "Complaints"
    found: list[str] = _untag(tag, value)
    return found


def _optional_value(value: Any) -> Any:
    found = _complaints(value)
    return _tagged("Format", found[0]) if _tag_of(value) == "Found" and found else found


def _normalized(text: str) -> str:
    """Return a version as Kubernetes' tolerant parser reads it: without ``v``, with all three numbers."""
    bare = text.strip().removeprefix("v")
    core, mark, rest = re.match(r"([^-+]*)([-+]?)(.*)", bare, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [part.lstrip("0") or "0" if part else part for part in core.split(".")]
    return ".".join([*parts, *["0"] * (3 - len(parts))]) + mark + rest


def _is_semver(text: str, normalize: bool) -> bool:
    return bool(_SEMVER.fullmatch(_normalized(text) if normalize else text))


def _semver(text: str, normalize: bool = False) -> dict[str, Any]:  # noqa: FBT002 - CEL's own argument
    text = _normalized(text) if normalize else text
    if not _SEMVER.fullmatch(text):
        raise ValueError("No Major.Minor.Patch elements found")
    return _tagged("Semver", text)


def semver_value(text: str) -> dict[str, Any]:
    """Return a version as a value to evaluate an expression with."""
    return _semver(text)


def _semver_key(value: Any) -> tuple[Any, ...]:
    match = _SEMVER.fullmatch(_untag("Semver", value))
    if match is None:
        raise ValueError("no such overload")
    major, minor, patch, pre, _ = match.groups()
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in (pre or "").split(".") if part)
    return int(major), int(minor), int(patch), not pre, parts


def _compare(key: Callable[[Any], Any]) -> Callable[[Any, Any], int]:
    def compare(one: Any, other: Any) -> int:
        mine, theirs = key(one), key(other)
        return int(mine > theirs) - int(mine < theirs)

    return compare


# Registration --------------------------------------------------------------------------------------------------------


def _tag_of(value: Any) -> str:
    plain = lists.plain(value)
    return next(iter(plain)).rpartition(".")[2] if isinstance(plain, dict) and plain else ""


def _ordering(value: Any, other: Any) -> int:
    key = _semver_key if _tag_of(value) == "Semver" else _nanos
    return _compare(key)(value, other)


def _add(value: Any, other: Any) -> dict[str, Any]:
    return _tagged("Quantity", str(_nanos(value) + _other_nanos(other)))


def _sub(value: Any, other: Any) -> dict[str, Any]:
    return _tagged("Quantity", str(_nanos(value) - _other_nanos(other)))


def _function(name: str, *overloads: tuple[Any, list[Any], Callable[..., Any]], member: bool = False) -> Any:
    return cel.FunctionDecl(
        name,
        [
            cel.Overload(
                f"k8s_{'member_' if member else ''}{name.replace('.', '_')}_{index}",
                returns,
                parameters,
                member,
                implementation,
            )
            for index, (returns, parameters, implementation) in enumerate(overloads)
        ],
    )


def _global_functions() -> list[Any]:
    text = [_T.STRING]
    functions = [
        _function("quantity", (_T.DYN, text, _quantity)),
        _function("sign", (_T.INT, [_T.DYN], lambda value: _sign(_nanos(value)))),
        _function("isQuantity", (_T.BOOL, text, _succeeds(_quantity))),
        _function("url", (_T.DYN, text, _url)),
        _function("isURL", (_T.BOOL, text, _succeeds(_url))),
        _function("ip", (_T.DYN, text, lambda value: _tagged("IP", str(_address(value))))),
        _function("isIP", (_T.BOOL, text, _succeeds(_address))),
        _function("ip.isCanonical", (_T.BOOL, text, lambda value: str(_address(value)) == value)),
        _function("cidr", (_T.DYN, text, _parse_cidr)),
        _function("isCIDR", (_T.BOOL, text, _succeeds(_parse_cidr))),
        _function("semver", (_T.DYN, text, _semver), (_T.DYN, [_T.STRING, _T.BOOL], _semver)),
        _function("isSemver", (_T.BOOL, text, _succeeds(_semver)), (_T.BOOL, [_T.STRING, _T.BOOL], _is_semver)),
        _function("strings.quote", (_T.STRING, text, quoted)),
        _function(
            INSERT,
            (
                _T.MAP,
                [_T.MAP, _T.DYN, _T.DYN],
                lambda of, key, value: {**lists.plain(of), lists.plain(key): lists.plain(value)},
            ),
            (_T.MAP, [_T.MAP, _T.MAP], lambda of, more: {**lists.plain(of), **lists.plain(more)}),
        ),
        _function("format.named", (_T.DYN, text, _named_format)),
    ]
    return functions + [_function(f"format.{name}", (_T.DYN, [], _format(name))) for name in _FORMATS]


def _value_members() -> list[Any]:
    one, two = [_T.DYN], [_T.DYN, _T.DYN]
    members: list[tuple[str, tuple[Any, list[Any], Callable[..., Any]]]] = [
        ("isInteger", (_T.BOOL, one, _is_integer)),
        ("asInteger", (_T.INT, one, _as_integer)),
        ("asApproximateFloat", (_T.DOUBLE, one, lambda value: _nanos(value) / 10**9)),
        ("add", (_T.DYN, two, _add)),
        ("sub", (_T.DYN, two, _sub)),
        ("compareTo", (_T.INT, two, _ordering)),
        ("isGreaterThan", (_T.BOOL, two, lambda value, other: _ordering(value, other) > 0)),
        ("isLessThan", (_T.BOOL, two, lambda value, other: _ordering(value, other) < 0)),
        ("major", (_T.INT, one, lambda value: _semver_key(value)[0])),
        ("minor", (_T.INT, one, lambda value: _semver_key(value)[1])),
        ("patch", (_T.INT, one, lambda value: _semver_key(value)[2])),
        ("getScheme", (_T.STRING, one, _url_part(lambda url: url.scheme))),
        ("getHost", (_T.STRING, one, _url_part(lambda url: url.netloc.rpartition("@")[2]))),
        ("getHostname", (_T.STRING, one, _url_part(lambda url: url.hostname or ""))),
        ("getPort", (_T.STRING, one, _url_part(lambda url: str(url.port or "")))),
        ("getEscapedPath", (_T.STRING, one, _url_part(lambda url: url.path))),
        (
            "getQuery",
            (_T("map<string, list<string>>"), one, _url_part(lambda url: parse_qs(url.query, keep_blank_values=True))),
        ),
        ("family", (_T.INT, one, lambda value: _as_address(value).version)),
        ("isUnspecified", (_T.BOOL, one, lambda value: _as_address(value).is_unspecified)),
        ("isLoopback", (_T.BOOL, one, lambda value: _as_address(value).is_loopback)),
        ("isLinkLocalMulticast", (_T.BOOL, one, lambda value: _is_link_local_multicast(_as_address(value)))),
        ("isLinkLocalUnicast", (_T.BOOL, one, lambda value: _as_address(value).is_link_local)),
        ("isGlobalUnicast", (_T.BOOL, one, lambda value: _is_global_unicast(_as_address(value)))),
        ("containsIP", (_T.BOOL, two, _contains_ip)),
        ("containsCIDR", (_T.BOOL, two, _contains_cidr)),
        ("prefixLength", (_T.INT, one, lambda value: _as_network(value)[1].prefixlen)),
        ("masked", (_T.DYN, one, lambda value: _tagged("CIDR", str(_as_network(value)[1])))),
        ("ip", (_T.DYN, one, lambda value: _tagged("IP", _as_network(value)[0].partition("/")[0]))),
        ("validate", (_T.DYN, [_T.DYN, _T.STRING], _validate)),
    ]
    # Only what validate() gives has these as a map; real optionals keep their own.
    members += [
        ("hasValue", (_T.BOOL, [_T.MAP], lambda value: bool(_complaints(value)))),
        ("value", (_T.DYN, [_T.MAP], _optional_value)),
        ("orValue", (_T.LIST, [_T.MAP, _T.LIST], lambda value, other: _complaints(value) or lists.plain(other))),
    ]
    return [_function(name, overload, member=True) for name, overload in members]


def _is_link_local_multicast(address: IPv4Address | IPv6Address) -> bool:
    return address in ip_network("224.0.0.0/24" if address.version == 4 else "ff02::/16")


def _is_global_unicast(address: IPv4Address | IPv6Address) -> bool:
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local)


def _list_members(*, checking: bool) -> list[Any]:
    """Return what lists can; only the checker tells lists of different items apart."""
    numbers = (_T.INT, _T.UINT, _T.DOUBLE, _T.DURATION)
    ordered = (*numbers, _T.STRING, _T.BOOL, _T.BYTES, _T.TIMESTAMP)
    two, text, texts = [_T.LIST, _T.DYN], [_T.STRING, _T.STRING], _T.List(_T.STRING)

    def each(kinds: tuple[Any, ...], implementation: Callable[..., Any]) -> list[tuple[Any, list[Any], Any]]:
        if checking:
            return [(kind, [_T.List(kind)], implementation) for kind in kinds]
        return [(_T.DYN, [_T.LIST], implementation)]

    return [
        _function("isSorted", (_T.BOOL, [_T.LIST], lists.is_sorted), member=True),
        _function("sum", *each(numbers, lists.total), member=True),
        _function("min", *each(ordered, lists.extreme(min, "min")), member=True),
        _function("max", *each(ordered, lists.extreme(max, "max")), member=True),
        _function("indexOf", (_T.INT, two, lists.index_of), member=True),
        _function("lastIndexOf", (_T.INT, two, lists.last_index_of), member=True),
        _function("join", (_T.STRING, [texts], joined), (_T.STRING, [texts, _T.STRING], joined), member=True),
        _function("format", (_T.STRING, [_T.STRING, _T.LIST], formatted), member=True),
        _function("find", (_T.STRING, text, lists.find), member=True),
        _function("findAll", (texts, text, lists.find_all), (texts, [*text, _T.INT], lists.find_all), member=True),
    ]


@lru_cache(maxsize=4)
def extensions(*, patches: bool = False, checking: bool = False) -> list[Any]:
    """Return the extensions of an environment.

    Args:
        patches: with what only mutating policies know.
        checking: for an environment that only checks types, where overloads may differ in their items' types.
    """
    functions = [*_global_functions(), *_value_members(), *_list_members(checking=checking)]
    if patches:
        functions += [
            _function(
                "jsonpatch.escapeKey", (_T.STRING, [_T.STRING], lambda key: key.replace("~", "~0").replace("/", "~1"))
            ),
            # These two stand for the types of mutating policies, see objects.
            _function("__object", (_T.TIMESTAMP, [_T.MAP], lists.plain)),
            _function("__jsonpatch", (_T.DURATION, [_T.MAP], lists.plain)),
        ]
    return [cel.CelExtension("kubernetes", functions)]


@lru_cache(maxsize=2)
def configuration(*, bindings: bool = False) -> Any:
    """Return which of the library's own extensions Kubernetes has, in their versions.

    Args:
        bindings: with ``cel.bind``, which only selectors of devices know.
    """
    names = ("optional", "two-var-comprehensions", "lists", "sets", *(("bindings",) if bindings else ()))
    listed = "".join(f"\n- name: {name}" for name in names)
    return cel.NewEnvConfigFromYaml(f"name: kubernetes\nextensions:\n- name: strings\n  version: 0{listed}\n")
