"""CEL over devices: ``device.driver``, ``device.attributes``, ``device.capacity`` (upstream: ``dynamic-resource-allocation/cel``).

Attributes and capacities are maps of maps, by domain and name; what a driver publishes without a domain is in its own. A
domain that a device has nothing in is an empty map when it is looked up, though ``in`` does not find it: so every domain
that an expression looks up is given to it, and ``in`` is asked of another map.
"""

import re
from collections.abc import Iterable
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json

_LOOKED_UP = re.compile(r"""\[\s*["']([^"'\s]+)["']\s*\]""")
_IN = re.compile(r"\bin\s+device\.(attributes|capacity)\b(?!\s*[\[.?])")
_HINT = ". consider using CEL optional chaining (.? followed by orValue()) or guarding the check with has() for optional fields"


class DeviceSelectorError(Exception):
    """An expression could not be evaluated for a device."""


def attribute_value(attribute: Json) -> Any:
    """Return the value of a device's attribute, whatever its type; a version stays text."""
    return next(iter(attribute.values()))


def qualified(name: str, driver: str) -> tuple[str, str]:
    """Return domain and name; the domain of a short name is the driver's."""
    domain, slash, short = name.rpartition("/")
    return (domain, short) if slash else (driver, name)


def lookup(device: Json, driver: str, name: str) -> Json | None:
    """Return a device's attribute by its full name."""
    attributes = device.get("attributes") or {}
    if name in attributes:
        found: Json = attributes[name]
        return found
    domain, _, short = name.partition("/")
    return attributes.get(short) if domain == driver else None


def _by_domain(entries: Iterable[tuple[str, Any]], driver: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, value in entries:
        domain, short = qualified(name, driver)
        found.setdefault(domain, {})[short] = value
    return found


def _cel_value(attribute: Json) -> Any:
    from k8s_tutor.apimachinery.cel.library import semver_value

    return semver_value(attribute["version"]) if "version" in attribute else attribute_value(attribute)


def matches(expression: str, device: Json, driver: str) -> bool:
    """Tell whether a device satisfies an expression.

    Raises:
        DeviceSelectorError: it can not be told.
    """
    from k8s_tutor.apimachinery import cel  # costs 50 ms, and few clusters have devices
    from k8s_tutor.apimachinery.cel.library import quantity_value

    try:
        program = cel.compile(_IN.sub(r"in device.own_\1", expression), cel.untyped("device", bindings=True))
    except cel.CompileError as error:
        raise DeviceSelectorError(f"CEL compile error: compilation failed: {error}") from None
    attributes = ((name, _cel_value(value)) for name, value in (device.get("attributes") or {}).items())
    capacity = ((name, quantity_value(value["value"])) for name, value in (device.get("capacity") or {}).items())
    own_attributes, own_capacity = _by_domain(attributes, driver), _by_domain(capacity, driver)
    empty: dict[str, dict[str, Any]] = {domain: {} for domain in _LOOKED_UP.findall(expression)}
    known = {
        "driver": driver,
        "allowMultipleAllocations": bool(device.get("allowMultipleAllocations")),
        "attributes": empty | own_attributes,
        "capacity": empty | own_capacity,
        "own_attributes": own_attributes,
        "own_capacity": own_capacity,
    }
    result = program.evaluate({"device": known})
    if isinstance(result, cel.CelError):
        hint = _HINT if "no such key:" in result.message else ""
        raise DeviceSelectorError(f"CEL runtime error: {result}{hint}")
    return result is True
