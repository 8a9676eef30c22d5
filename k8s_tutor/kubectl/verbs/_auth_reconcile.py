"""``kubectl auth reconcile`` (component-helpers, ``auth/rbac/reconciliation``): roles get the rules they lack.

A rule is compared in its smallest parts (one group, resource, verb and name), for one part is covered by a rule of the
other side wholly or not at all. Bindings are compared by their subjects, and made anew if they bind another role.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, load
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT
from k8s_tutor.kubectl.text import go_list

RBAC = "rbac.authorization.k8s.io"
_OPTED_OUT = "rbac.authorization.kubernetes.io/autoupdate"
_RULE = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
_SUBJECT = (("Kind", "kind"), ("APIGroup", "apiGroup"), ("Name", "name"), ("Namespace", "namespace"))


@dataclass(slots=True)
class _Change:
    """What has to be done to an object."""

    body: Json
    operation: str = ""
    missing: list[Json] = field(default_factory=list)
    extra: list[Json] = field(default_factory=list)
    protected: bool = False


class Reconcile(Verb):
    """Adds to roles and bindings what the given ones have more."""

    name = "reconcile"
    usage = "auth reconcile -f FILENAME [options]"
    short = "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects"
    examples = """
kubectl auth reconcile -f roles.yaml
kubectl auth reconcile -f roles.yaml --dry-run=client
"""
    flags = (
        *FILENAME,
        *OUTPUT,
        DRY_RUN,
        Flag("remove-extra-permissions", "bool", help="take away the rules that are not in the file"),
        Flag("remove-extra-subjects", "bool", help="take away the subjects that are not in the file"),
    )

    def validate(self, call: Call) -> None:
        if not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError("must specify one of -f and -k")
        if call.arguments:
            raise CommandError(f"no arguments are allowed, got {go_list(call.arguments)}")
        if dry_run(call) == "server":
            raise CommandError("--dry-run=server for command reconcile is not supported yet")

    def run(self, call: Call) -> int:
        errors: list[Exception] = []
        for info in load(call, errors):
            if info.resource.group == RBAC:
                self._reconcile(call, info)
        raise_all(errors)
        return 0

    def _reconcile(self, call: Call, info: Info) -> None:
        is_role = info.resource.kind in {"Role", "ClusterRole"}
        part = "rules" if is_role else "subjects"
        remove: bool = call.flag("remove-extra-permissions" if is_role else "remove-extra-subjects")
        existing = _existing(call, info)
        if existing is None:
            change = _Change(info.object, "create", list(info.object.get(part) or ()))
        elif not is_role and existing.get("roleRef") != info.object.get("roleRef"):
            change = _Change(info.object, "recreate")
        else:
            change = _compared(existing, info.object, part, remove=remove)
        if change.operation and not change.protected and dry_run(call) == "none":
            change.body = _written(call, info, change)
        tell(call, info.resource, change.body, "reconciled", typed=True)
        if change.operation:
            caveat = f", but object opted out ({_OPTED_OUT}: false)" if change.protected else ""
            call.err(f"\treconciliation required {change.operation}{caveat}")
            _report(call, f"missing {part} added", change.missing)
            _report(call, f"extra {part} removed", change.extra if remove else [])


def _existing(call: Call, info: Info) -> Json | None:
    try:
        found: Json = call.client.get(info.path)
    except ApiError as error:
        if error.status != 404:
            raise
        return None
    return found


def _compared(existing: Json, expected: Json, part: str, *, remove: bool) -> _Change:
    change = _Change(clone(existing))
    metadata = change.body["metadata"]
    change.protected = (metadata.get("annotations") or {}).get(_OPTED_OUT) == "false"
    for key in ("annotations", "labels"):
        merged = {**(metadata.get(key) or {}), **(expected["metadata"].get(key) or {})}
        if merged != (metadata.get(key) or {}):
            metadata[key], change.operation = merged, "update"
    here, there = existing.get(part) or [], expected.get(part) or []
    lacking = _uncovered if part == "rules" else _absent
    both_aggregated = existing.get("aggregationRule") and expected.get("aggregationRule")
    change.missing = lacking(here, there)
    change.extra = [] if both_aggregated else lacking(there, here)
    if remove and (change.missing or change.extra):
        change.body[part], change.operation = there, "update"
    elif change.missing:
        change.body[part], change.operation = [*here, *change.missing], "update"
    if part == "rules":
        _aggregate(change, existing.get("aggregationRule"), expected.get("aggregationRule"), remove=remove)
    return change


def _aggregate(change: _Change, existing: Json | None, expected: Json | None, *, remove: bool) -> None:
    """Join the selectors of aggregated roles; a role that shall not be aggregated loses its own."""
    here, there = ((rule or {}).get("clusterRoleSelectors") or [] for rule in (existing, expected))
    missing, extra = _absent(here, there), _absent(there, here)
    if existing and not expected:
        del change.body["aggregationRule"]
    elif remove and (missing or extra):
        change.body["aggregationRule"] = expected
    elif missing:
        change.body["aggregationRule"] = {**(existing or {}), "clusterRoleSelectors": [*here, *missing]}
    else:
        return
    change.operation = "update"


def _absent(here: list[Json], there: list[Json]) -> list[Json]:
    return [one for at, one in enumerate(there) if one not in here and one not in there[:at]]


def _uncovered(owned: list[Json], asked: list[Json]) -> list[Json]:
    return [part for rule in asked for part in _parts(rule) if not any(_covers(one, part) for one in owned)]


def _parts(rule: Json) -> Iterator[Json]:
    names = [[name] for name in rule.get("resourceNames") or ()] or [[]]
    groups, resources, verbs = (rule.get(key) or [] for key in ("apiGroups", "resources", "verbs"))
    for group, resource, verb, name in product(groups, resources, verbs, names):
        part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
        yield part | ({"resourceNames": name} if name else {})
    for url, verb in product(rule.get("nonResourceURLs") or (), verbs):
        yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covers(rule: Json, part: Json) -> bool:
    def has(key: str) -> bool:
        wanted, owned = part.get(key) or [], rule.get(key) or []
        return "*" in owned or all(one in owned for one in wanted)

    if not has("verbs"):
        return False
    if part.get("nonResourceURLs"):
        url = part["nonResourceURLs"][0]
        owned = rule.get("nonResourceURLs") or []
        return any(one == url or (one.endswith("*") and url.startswith(one[:-1])) for one in owned)
    resource, owned = part["resources"][0], rule.get("resources") or []
    covered = "*" in owned or resource in owned or ("/" in resource and f"*/{resource.split('/', 1)[1]}" in owned)
    named = not rule.get("resourceNames") or (bool(part.get("resourceNames")) and has("resourceNames"))
    return has("apiGroups") and covered and named


def _written(call: Call, info: Info, change: _Change) -> Json:
    if change.operation == "update":
        updated: Json = call.request("PUT", info.path, body=change.body)
        return updated
    if change.operation == "recreate":
        call.request("DELETE", info.path)
    elif info.namespace:
        _ensure_namespace(call, info.namespace)
    created: Json = call.request("POST", info.collection, body=change.body)
    return created


def _ensure_namespace(call: Call, name: str) -> None:
    try:
        call.client.get(f"/api/v1/namespaces/{name}")
    except ApiError as error:
        if error.status != 404:
            raise
        call.request(
            "POST", "/api/v1/namespaces", body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        )


def _report(call: Call, heading: str, found: list[Json]) -> None:
    if found:
        call.err(f"\t{heading}:")
    for one in found:
        if "verbs" in one:
            keys = [(key[0].upper() + key[1:]).replace("ApiGroups", "APIGroups") for key in _RULE]
            told = [f"{shown}:{go_list(one.get(key) or [])}" for shown, key in zip(keys, _RULE, strict=True)]
        else:
            told = [f"{shown}:{one.get(key, '')}" for shown, key in _SUBJECT]
        call.err("\t\t{" + " ".join(told) + "}")
