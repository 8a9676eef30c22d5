"""``create role`` and the rules it shares with ``create clusterrole``."""

from typing import Any

from k8s_tutor.client import NoMatchError
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api
from k8s_tutor.kubectl.text import quoted

RULE_FLAGS = (
    Flag("verb", "list", help="verb of the rule; may repeat"),
    Flag("resource", "list", help="resource, with group and subresource as deployments.apps/scale; may repeat"),
    Flag("resource-name", "array", help="name the rule is limited to; may repeat"),
)
_VERBS: tuple[str, ...] = (
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
)
_VERBS += ("escalate", "impersonate", "approve", "sign", "attest", "*")


class Role(Generator):
    """Makes a Role."""

    name = "role"
    usage = (
        "create role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [options]"
    )
    short = "Create a role with single rule"
    resource = api("rbac.authorization.k8s.io", "v1", "roles", "Role")
    flags = (*RULE_FLAGS, *COMMON)

    def validate(self, call: Call) -> None:
        if not call.flag("verb"):
            raise CommandError("at least one verb must be specified")
        if not call.flag("resource"):
            raise CommandError("at least one resource must be specified")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "rules": resource_rules(call)}


def resource_rules(call: Call) -> list[dict[str, Any]]:
    """Make one rule for each API group of the named resources.

    Raises:
        CommandError: no such resource.
    """
    verbs = list(dict.fromkeys(call.flag("verb")))
    if "*" in verbs:
        verbs = ["*"]
    for verb in verbs:
        if verb not in _VERBS:
            call.err(f"Warning: '{verb}' is not a standard resource verb")
    names = list(dict.fromkeys(call.flag("resource-name")))
    by_group: dict[str, list[str]] = {}
    for word in dict.fromkeys(call.flag("resource")):
        base, slash, sub = word.partition("/")
        if not base:
            raise CommandError("resource must be specified if apiGroup/subresource specified")
        group, plural = ("*" if "." in base else "", "*") if base.startswith("*") else _served(call, base)
        by_group.setdefault(group, []).append(f"{plural}/{sub}" if slash else plural)
    rules = []
    for group, resources in sorted(by_group.items()) if len(by_group) > 1 else by_group.items():
        rule: dict[str, Any] = {"apiGroups": [group], "resources": resources, "verbs": verbs}
        if names:
            rule["resourceNames"] = names
        rules.append(rule)
    return rules


def _served(call: Call, word: str) -> tuple[str, str]:
    try:
        found = call.client.discovery.resolve(word)
    except NoMatchError:
        name, _, group = word.partition(".")
        in_group = f" in group {quoted(group)}" if group else ""
        raise CommandError(f"the server doesn't have a resource type {quoted(name)}{in_group}", bare=True) from None
    return found.group, found.plural


GENERATOR = Role
