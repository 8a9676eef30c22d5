"""Whether one type may stand where another is wanted, and what type variables become by it.

Mirrors cel-go's ``checker/types.go``: substitutions of type variables are kept in a map, which a failed attempt leaves as
it was.
"""

from k8s_tutor.apimachinery.cel.types import DYN, DYN_KIND, ERROR_KIND, OPAQUE, PARAM, STRUCT_KIND, Type

Substitutions = dict[Type, Type]

_NULLABLE = frozenset({OPAQUE, STRUCT_KIND, "duration", "timestamp"})
_CONTAINERS = frozenset({OPAQUE, "list", "map"})


def is_dyn_or_error(type: Type) -> bool:
    """Tell whether a type fits everywhere."""
    return type.kind in {DYN_KIND, ERROR_KIND}


def substitute(known: Substitutions, type: Type, *, to_dyn: bool = False) -> Type:
    """Return a type with its variables replaced; ``to_dyn``: those that nothing is known of become dyn."""
    if type in known:
        return substitute(known, known[type], to_dyn=to_dyn)
    if type.kind == PARAM:
        return DYN if to_dyn else type
    if not type.params:
        return type
    return Type(type.kind, type.name, tuple(substitute(known, one, to_dyn=to_dyn) for one in type.params))


def assign(known: Substitutions, pairs: list[tuple[Type, Type]]) -> Substitutions | None:
    """Return the substitutions under which all pairs fit each other, None where they do not."""
    trial = dict(known)
    return trial if all(_fits(trial, one, other) for one, other in pairs) else None


def most_general(one: Type, other: Type) -> Type:
    """Return the less specific of two types that fit."""
    return one if _less_specific(one, other) else other


def _fits(known: Substitutions, one: Type, other: Type) -> bool:
    if other.kind == PARAM:
        valid, replaced = _replaces(known, one, other)
        if valid or replaced:
            return valid
    if one.kind == PARAM:
        return _replaces(known, other, one)[0]
    if is_dyn_or_error(one) or is_dyn_or_error(other):
        return True
    if "null" in (one.kind, other.kind):
        left = other if one.kind == "null" else one
        return left.kind in _NULLABLE or left.kind == "null"
    if one.kind == "type":
        return other.kind == "type"
    if one.kind in _CONTAINERS:
        same = one.kind == other.kind and one.name == other.name and len(one.params) == len(other.params)
        return same and all(_fits(known, *pair) for pair in zip(one.params, other.params, strict=True))
    return one == other


def _replaces(known: Substitutions, type: Type, variable: Type) -> tuple[bool, bool]:
    """Tell whether a type may stand for a variable, and whether something does already."""
    if type == variable:
        return True, True
    before = known.get(variable)
    if before is not None:
        if type == before:
            return True, True
        if _fits(known, type, before):
            general = most_general(type, before)
            if _not_within(known, variable, general):
                known[variable] = general
            return True, True
        return False, True
    if _not_within(known, variable, type):
        known[variable] = type
        return True, False
    return False, False


def _not_within(known: Substitutions, variable: Type, type: Type) -> bool:
    if type == variable:
        return False
    if type.kind == PARAM:
        return type not in known or _not_within(known, variable, known[type])
    return all(_not_within(known, variable, one) for one in type.params)


def _less_specific(one: Type, other: Type) -> bool:
    if one.kind in {DYN_KIND, PARAM}:
        return True
    if other.kind in {DYN_KIND, PARAM} or one.kind != other.kind:
        return False
    if one.kind in _CONTAINERS:
        same = one.name == other.name and len(one.params) == len(other.params)
        return same and all(_less_specific(*pair) for pair in zip(one.params, other.params, strict=True))
    return one.kind == "type" or one == other
