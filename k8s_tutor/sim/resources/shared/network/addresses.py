"""IP addresses and CIDRs: checks and warnings (apimachinery ``util/validation/ip.go``, ``netutils``).

Fields from the time of Go's old parser took leading zeros and IPv4-mapped addresses; since StrictIPCIDRValidation new
values must be clean, while a value the object already had is let through.
"""

import ipaddress
import re
from collections.abc import Sequence

from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import quote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

BAD_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
BAD_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_OCTETS = re.compile(r"\d{1,}(\.\d{1,}){3}")


def parse_sloppy(text: str) -> Address | None:
    """Return the address as Go's old parser read it: leading zeros are decimal."""
    try:
        if _OCTETS.fullmatch(text):
            return ipaddress.IPv4Address(".".join(str(int(part)) for part in text.split(".")))
        if "%" in text:
            return None
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _mapped(address: Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None


def text_of(address: Address) -> str:
    """Return the canonical text of an address; mapped ones are IPv4 to Go."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def is_ipv6(text: str) -> bool:
    """Tell whether a text is an IPv6 address."""
    address = parse_sloppy(text)
    return isinstance(address, ipaddress.IPv6Address) and not _mapped(address)


def is_ipv4(text: str) -> bool:
    """Tell whether a text is an IPv4 address."""
    address = parse_sloppy(text)
    return address is not None and (isinstance(address, ipaddress.IPv4Address) or _mapped(address))


def dual_stack(texts: Sequence[str]) -> bool:
    """Tell whether both families are among the addresses."""
    return any(is_ipv4(text) for text in texts) and any(is_ipv6(text) for text in texts)


def check_ip(v: At, name: str = "", old: Sequence[str] = ()) -> bool:
    """Check an address of a legacy field; tells whether it is good."""
    text = v.text(name) if name else v.value or ""
    if text in old:
        return True
    address = parse_sloppy(text)
    if address is None:
        v.invalid(name, BAD_IP, text)
        return False
    good = True
    if isinstance(address, ipaddress.IPv4Address) and str(address) != text:
        v.invalid(name, "must not have leading 0s", text)
        good = False
    if _mapped(address):
        v.invalid(name, "must not be an IPv4-mapped IPv6 address", text)
        good = False
    return good


def check_canonical_ip(v: At, name: str = "") -> bool:
    """Check an address of a new field: the canonical form only."""
    if not check_ip(v, name):
        return False
    text = v.text(name) if name else v.value or ""
    address = parse_sloppy(text)
    if address is not None and str(address) != text:
        v.invalid(name, f"must be in canonical form ({quote(str(address))})", text)
        return False
    return True


def parse_cidr(text: str) -> tuple[Address, Network] | None:
    """Return address and network of a CIDR, or None."""
    base, slash, length = text.partition("/")
    address = parse_sloppy(base)
    if address is None or not slash or not length.isdigit():
        return None
    try:
        return address, ipaddress.ip_network((str(address), int(length)), strict=False)
    except ValueError:
        return None


def check_cidr(v: At, name: str = "", old: Sequence[str] = (), value: str | None = None) -> bool:
    """Check a CIDR of a legacy field; tells whether it is good."""
    text = value if value is not None else (v.text(name) if name else v.value or "")
    if text in old:
        return True
    parsed = parse_cidr(text)
    if parsed is None:
        v.invalid(name, BAD_CIDR, text)
        return False
    address, network = parsed
    base, _, length = text.partition("/")
    if (isinstance(address, ipaddress.IPv4Address) and str(address) != base) or str(int(length)) != length:
        v.invalid(name, "must not have leading 0s in IP or prefix length", text)
    elif _mapped(address):
        v.invalid(name, "must not have an IPv4-mapped IPv6 address", text)
    elif address != network.network_address:
        v.invalid(name, "must not have bits set beyond the prefix length", text)
    else:
        return True
    return False


def check_canonical_cidr(v: At, name: str = "") -> bool:
    """Check a CIDR of a new field."""
    if not check_cidr(v, name):
        return False
    text = v.text(name) if name else v.value or ""
    parsed = parse_cidr(text)
    if parsed is not None and str(parsed[1]) != text:
        v.invalid(name, f"must be in canonical form ({quote(str(parsed[1]))})", text)
        return False
    return True


def check_endpoint_ip(v: At, text: str) -> None:
    """Refuse addresses that no endpoint can have."""
    address = parse_sloppy(text)
    if address is None:
        v.invalid("", "must be a valid IP address", text)
        return
    if address.is_unspecified:
        v.invalid("", f"may not be unspecified ({text})", text)
    if address.is_loopback:
        v.invalid("", "may not be in the loopback range (127.0.0.0/8, ::1/128)", text)
    if address.is_link_local:
        v.invalid("", "may not be in the link-local range (169.254.0.0/16, fe80::/10)", text)
    if address in ipaddress.ip_network("224.0.0.0/24" if address.version == 4 else "ff02::/16"):
        v.invalid("", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)", text)


def ip_warnings(path: str, text: str) -> list[str]:
    """Return the warnings about an address that is accepted but badly written."""
    address = parse_sloppy(text)
    if address is None:
        return []
    if _mapped(address) or (isinstance(address, ipaddress.IPv4Address) and str(address) != text):
        return [f"{path}: non-standard IP address {quote(text)} is invalid: use {quote(text_of(address))}"]
    if isinstance(address, ipaddress.IPv6Address) and str(address) != text:
        shown = f"{quote(text)} should be in RFC 5952 canonical format ({quote(str(address))})"
        return [f"{path}: IPv6 address {shown}"]
    return []


def cidr_warnings(path: str, text: str) -> list[str]:
    """Return the warnings about a CIDR that is accepted but badly written."""
    parsed = parse_cidr(text)
    if parsed is None:
        return []
    address, network = parsed
    found = []
    if address != network.network_address:
        single = f"{address}/{32 if address.version == 4 else 128}"
        found.append(
            f"{path}: CIDR value {quote(text)} is ambiguous in this context "
            f"(should be {quote(str(network))} or {quote(single)}?)"
        )
    base, _, length = text.partition("/")
    clean = str(int(length)) == length and (address.version == 6 or str(address) == base)
    if not clean or _mapped(address):
        found.append(f"{path}: non-standard CIDR value {quote(text)} is invalid: use {quote(str(network))}")
    if not found and address.version == 6 and f"{address}/{length}" != text:
        found.append(
            f"{path}: IPv6 CIDR value {quote(text)} should be in RFC 5952 canonical format "
            f"({quote(f'{address}/{length}')})"
        )
    return found
