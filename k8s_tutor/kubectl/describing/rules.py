"""RBAC rules, taken apart and joined again by resource (kubectl, ``util/rbac``)."""

from typing import Any

from k8s_tutor.kubectl.text import go_list

Row = tuple[str, str, str, str]


def rows(rules: list[dict[str, Any]] | None) -> list[Row]:
    """Return rows of resources, URLs, names and verbs, as describe and can-i --list show them."""
    joined: dict[tuple[str, str, str], list[str]] = {}
    others: list[dict[str, Any]] = []
    for rule in rules or ():
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                for name in rule.get("resourceNames") or [None]:
                    key = (group, resource, "" if name is None else f"={name}")
                    verbs = joined.setdefault(key, [])
                    verbs += [verb for verb in rule.get("verbs") or () if verb not in verbs]
        others += [
            {"nonResourceURLs": [url], "verbs": [verb]}
            for url in rule.get("nonResourceURLs") or ()
            for verb in rule.get("verbs") or ()
        ]
    made = [(_sort_key(key, verbs), _row(key, verbs)) for key, verbs in joined.items()]
    made += [(_url_key(one), ("", go_list(one["nonResourceURLs"]), "[]", go_list(one["verbs"]))) for one in others]
    return [row for _, row in sorted(made, key=lambda pair: pair[0])]


def _row(key: tuple[str, str, str], verbs: list[str]) -> Row:
    group, resource, name = key
    base, slash, sub = resource.partition("/")
    shown = (f"{base}.{group}" if group else base) + slash + sub
    return shown, "[]", go_list([name[1:]] if name else []), go_list(verbs)


def _sort_key(key: tuple[str, str, str], verbs: list[str]) -> str:
    """The order is that of Go's text form of a rule."""
    group, resource, name = key
    return f"&PolicyRule{{Verbs:{go_list(verbs)},APIGroups:[{group}],Resources:[{resource}],ResourceNames:[{name[1:]}],NonResourceURLs:[],}}"


def _url_key(one: dict[str, Any]) -> str:
    return f"&PolicyRule{{Verbs:{go_list(one['verbs'])},APIGroups:[],Resources:[],ResourceNames:[],NonResourceURLs:{go_list(one['nonResourceURLs'])},}}"
