"""Rules for names, keys and values; each function returns the list of complaints, empty when the text is good.

Mirrors ``k8s.io/apimachinery/pkg/util/validation`` and ``pkg/api/validate/content``: same regular expressions, lengths
(in bytes) and sentences, since they appear in every Status a server answers.  Two length sentences exist upstream:
``content`` counts "bytes" (label keys and values), ``util/validation`` says "characters" (all others).
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = _LABEL + r"(\." + _LABEL + ")*"
_LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_UNDERSCORE = _LABEL_UNDERSCORE + r"(\." + _LABEL_UNDERSCORE + ")*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = r"\*\." + _SUBDOMAIN
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_match_label = re.compile(_LABEL).fullmatch
_match_subdomain = re.compile(_SUBDOMAIN).fullmatch
_match_key = re.compile(_KEY).fullmatch
_match_value = re.compile(_VALUE).fullmatch
_match_config_key = re.compile(_CONFIG_KEY).fullmatch
_match_header = re.compile(_HEADER).fullmatch
_match_percent = re.compile(_PERCENT).fullmatch
_match_http_path = re.compile(_HTTP_PATH).fullmatch
_match_port_name = re.compile("[-a-z0-9]+").fullmatch
_find_letter = re.compile("[a-z]").search

_ALNUM_ENDS = "and must start and end with an alphanumeric character"
_KEY_RULE = f"must consist of alphanumeric characters, '-', '_' or '.', {_ALNUM_ENDS}"
_ENV_RULE = "a valid environment variable name must consist "

Check = Callable[[str], list[str]]


def max_len_error(length: int) -> str:
    """Return the complaint of ``util/validation`` about a text that is too long."""
    return f"must be no more than {length} characters"


def max_bytes_error(length: int) -> str:
    """Return the complaint of ``validate/content`` about a text that is too long."""
    return f"must be no more than {length} bytes"


def inclusive_range_error(low: int, high: int) -> str:
    """Return the complaint about a number outside of ``low``..``high``."""
    return f"must be between {low} and {high}, inclusive"


def regex_error(rule: str, pattern: str, *examples: str) -> str:
    """Return ``rule`` with its examples and the regular expression, as upstream composes it."""
    if not examples:
        return f"{rule} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {shown}regex used for validation is '{pattern}')"


def _too_long(value: str, length: int) -> list[str]:
    return [max_len_error(length)] if len(value.encode()) > length else []


def _dns_rule(pattern: str, length: int, rule: str, examples: tuple[str, ...], doc: str) -> Check:
    """Return the judge of a kind of DNS name."""
    match, complaint = re.compile(pattern).fullmatch, regex_error(rule, pattern, *examples)

    def judge(value: str) -> list[str]:
        errors = _too_long(value, length)
        return errors if match(value) else [*errors, complaint]

    judge.__doc__ = doc
    return judge


_lowercase_label = _dns_rule(
    _LABEL,
    63,
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ALNUM_ENDS}",
    ("my-name", "123-abc"),
    "Judge a DNS label (RFC 1123), dots or not.",
)
is_dns1123_subdomain = _dns_rule(
    _SUBDOMAIN,
    253,
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ALNUM_ENDS}",
    ("example.com",),
    "Judge a DNS subdomain (RFC 1123): the names of most objects.",
)
is_dns1123_subdomain_with_underscore = _dns_rule(
    _SUBDOMAIN_UNDERSCORE,
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
    f"{_ALNUM_ENDS}",
    ("example.com",),
    "Judge a DNS subdomain in which underscores are allowed (search domains of a pod's DNS).",
)
is_dns1035_label = _dns_rule(
    _LABEL_1035,
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character",
    ("my-name", "abc-123"),
    "Judge a DNS label (RFC 1035): the names of Services.",
)
is_wildcard_dns1123_subdomain = _dns_rule(
    _WILDCARD,
    253,
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    ("*.example.com",),
    "Judge a wildcard host such as ``*.example.com`` (Ingress).",
)


def is_dns1123_label(value: str) -> list[str]:
    """Judge a DNS label (RFC 1123): names of namespaces, containers, services' label parts."""
    if not _match_label(value) and _match_subdomain(value):
        return [*_too_long(value, 63), "must not contain dots"]
    return _lowercase_label(value)


def is_qualified_name(value: str) -> list[str]:
    """Judge a qualified name or label key: ``[prefix/]name``."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        rule = regex_error(_KEY_RULE, _KEY, "MyName", "my.name", "123-abc")
        return [f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    errors = []
    if slash and not prefix:
        errors.append("prefix part must be non-empty")
    elif slash:
        length = [max_bytes_error(253)] if len(prefix.encode()) > 253 else []
        rules = [complaint for complaint in is_dns1123_subdomain(prefix) if complaint != max_len_error(253)]
        errors += [f"prefix part {complaint}" for complaint in length + rules]
    if not name:
        errors.append("name part must be non-empty")
    elif len(name.encode()) > 63:
        errors.append(f"name part {max_bytes_error(63)}")
    if not _match_key(name):
        errors.append(f"name part {regex_error(_KEY_RULE, _KEY, 'MyName', 'my.name', '123-abc')}")
    return errors


def is_prefixed_label_key(value: str) -> list[str]:
    """Judge a label key that must have a domain prefix."""
    errors = is_qualified_name(value)
    if not errors and "/" not in value:
        errors.append("must include a prefix (e.g. 'example.com/key')")
    return errors


def is_label_value(value: str) -> list[str]:
    """Judge the value of a label."""
    errors = [max_bytes_error(63)] if len(value.encode()) > 63 else []
    if not _match_value(value):
        rule = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
            f"{_ALNUM_ENDS}"
        )
        errors.append(regex_error(rule, _VALUE, "MyValue", "my_value", "12345"))
    return errors


def is_port_num(value: int) -> list[str]:
    """Judge a port number."""
    return is_in_range(value, 1, 65535)


def is_in_range(value: int, low: int, high: int) -> list[str]:
    """Judge that ``value`` lies in ``low``..``high``."""
    return [] if low <= value <= high else [inclusive_range_error(low, high)]


def is_user_id(value: int) -> list[str]:
    """Judge a numeric user or group id."""
    return is_in_range(value, 0, 2**31 - 1)


def is_port_name(value: str) -> list[str]:
    """Judge an IANA service name, the name of a container's port."""
    errors = _too_long(value, 15)
    if not _match_port_name(value):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _find_letter(value):
        errors.append("must contain at least one letter (a-z)")
    if "--" in value:
        errors.append("must not contain consecutive hyphens")
    if value and (value[0] == "-" or value[-1] == "-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def is_percent(value: str) -> list[str]:
    """Judge a percentage such as ``25%``."""
    if _match_percent(value):
        return []
    rule = "a valid percent string must be a numeric string followed by an ending '%'"
    return [regex_error(rule, _PERCENT, "1%", "93%")]


def is_http_header_name(value: str) -> list[str]:
    """Judge the name of an HTTP header."""
    if _match_header(value):
        return []
    return [regex_error("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")]


def is_http_path(value: str) -> list[str]:
    """Judge the path of a domain-prefixed path (``acme.io/path``)."""
    return [] if _match_http_path(value) else [regex_error("Invalid path", _HTTP_PATH)]


def _dots(value: str) -> list[str]:
    if value in {".", ".."}:
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def is_relaxed_env_var_name(value: str) -> list[str]:
    """Judge the name of an environment variable by the rule of today: printable ASCII without ``=``."""
    if not value:
        return ["environment variable name must be non-empty"]
    if all(" " <= char <= "~" and char != "=" for char in value):
        return []
    return [f"{_ENV_RULE}only of printable ASCII characters other than '='"]


def is_config_map_key(value: str) -> list[str]:
    """Judge a key of a ConfigMap's or Secret's data."""
    errors = _too_long(value, 253)
    if not _match_config_key(value):
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        errors.append(regex_error(rule, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    return errors + _dots(value)


def is_path_segment(value: str) -> list[str]:
    """Judge a name that is only a segment of a URL path (RBAC roles, APIServices)."""
    if value in {".", ".."}:
        return [f"may not be '{value}'"]
    return [f"may not contain '{char}'" for char in ("/", "%") if char in value]


def parse_ip(value: str) -> IPv4Address | IPv6Address | None:
    """Return the address ``value`` spells, leading zeros of IPv4 octets allowed as in the legacy fields."""
    try:
        if ":" not in value:
            octets = value.split(".")
            if len(octets) == 4 and all(part.isascii() and part.isdigit() for part in octets):
                value = ".".join(str(int(part)) for part in octets)
        elif "%" in value:
            return None
        return ip_address(value)
    except ValueError:
        return None


def is_ip(value: str) -> list[str]:
    """Judge an IP address as today's strict validation does."""
    address = parse_ip(value)
    if address is None:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    if isinstance(address, IPv4Address):
        return [] if str(address) == value else ["must not have leading 0s"]
    return ["must not be an IPv4-mapped IPv6 address"] if address.ipv4_mapped else []
