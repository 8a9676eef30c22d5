"""Acting as somebody else: ``Impersonate-User`` and its companions.

Mirrors ``apiserver/pkg/endpoints/filters/impersonation``. There are several modes; each asks for rights of its own, and the
first that grants them decides as whom the request acts. The constrained modes want two rights: to impersonate such a user
at all (``impersonate:user-info``), and to do the very request in her name (``impersonate-on:user-info:list``); the old mode
wants the verb ``impersonate`` alone. Where none grants, the refusal tells what the first mode tried was missing.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from k8s_tutor.apimachinery.names import is_dns1123_label, is_dns1123_subdomain
from k8s_tutor.sim.apiserver.http.message import Request
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.auth.authorizer import Authorizer, denied
from k8s_tutor.sim.auth.node import GROUP as NODES
from k8s_tutor.sim.auth.node import PREFIX as NODE
from k8s_tutor.sim.machinery.status import ApiError, bad_request
from k8s_tutor.sim.registry.strategy import UserInfo

EXTRA = "impersonate-extra-"
ANONYMOUS = "system:anonymous"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
MASTERS = "system:masters"
AUTHENTICATION = "authentication.k8s.io"
NODE_KEY = "authentication.kubernetes.io/node-name"
MANY = 4  # so many groups or extras are first asked for at once, by a star


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of impersonating.

    Attributes:
        name: the middle of its verbs; "" for the old one.
        applies: whether it knows users such as the wanted one (the other argument is who asks).
    """

    name: str
    applies: Callable[[UserInfo, UserInfo], bool]

    @property
    def verb(self) -> str:
        """The verb that is asked for on users, groups, uids and extras."""
        return f"impersonate:{self.name}" if self.name else "impersonate"


def _only_name(wanted: UserInfo) -> bool:
    return not wanted.uid and not wanted.groups and not wanted.extra


def _own_node(wanted: UserInfo, asker: UserInfo) -> bool:
    node = node_of(wanted.name)
    return (
        bool(node)
        and _only_name(wanted)
        and account_of(asker.name) is not None
        and asker.extra.get(NODE_KEY) == (node,)
    )


MODES = (
    Mode("associated-node", _own_node),
    Mode("arbitrary-node", lambda wanted, _: _only_name(wanted) and bool(node_of(wanted.name))),
    Mode("serviceaccount", lambda wanted, _: _only_name(wanted) and account_of(wanted.name) is not None),
    Mode("user-info", lambda wanted, _: not node_of(wanted.name) and account_of(wanted.name) is None),
    Mode("", lambda *_: True),
)


class Impersonator:
    """Finds out as whom requests act; remembers which mode a user used last, and tries it first."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._last: dict[str, Mode] = {}

    def acting(self, request: Request, access: Access) -> UserInfo:
        """Return the user as whom the request acts; ``access`` is what it wants, and who asks.

        Raises:
            ApiError: 400 without a user name, 403 if it may not.
        """
        wanted = _wanted(request)
        if wanted is None:
            return access.user
        last = self._last.get(access.user.name)
        refusal: ApiError | None = None
        for mode in sorted(MODES, key=lambda mode: mode is not last):
            if not mode.applies(wanted, access.user):
                continue
            try:
                for check in _checks(mode, wanted, access):
                    self._require(check)
            except ApiError as error:
                refusal = refusal or error
                continue
            self._last[access.user.name] = mode
            return _completed(wanted, mode)
        raise refusal or denied(access)

    def _require(self, check: "Check") -> None:
        if check.forbidden:
            raise denied(check.access, check.forbidden)
        if check.instead is None or not self._authorizer.authorize(check.instead)[0]:
            self._authorizer.require(check.access)


@dataclass(frozen=True, slots=True)
class Check:
    """One right that is wanted; ``instead`` is a wider one that also does, ``forbidden`` why nobody has it."""

    access: Access
    instead: Access | None = None
    forbidden: str = ""


def _checks(mode: Mode, wanted: UserInfo, access: Access) -> Iterator[Check]:
    asker, verb = access.user, mode.verb
    if mode.name:
        yield Check(replace(access, verb=f"impersonate-on:{mode.name}:{access.verb}"))
    group = AUTHENTICATION if mode.name else ""
    account = account_of(wanted.name)
    if account is not None:
        yield Check(Access(asker, verb, account[0], group, "serviceaccounts", "", account[1]))
    elif mode.name and node_of(wanted.name):
        name = "*" if mode.name == "associated-node" else node_of(wanted.name)
        yield Check(Access(asker, verb, "", group, "nodes", "", name))
    else:
        yield Check(Access(asker, verb, "", group, "users", "", wanted.name))
    if wanted.uid:
        yield Check(Access(asker, verb, "", AUTHENTICATION, "uids", "", wanted.uid))
    groups = Access(asker, verb, "", group, "groups")
    for name in wanted.groups:
        forbidden = _forbidden_group(name) if mode.name else ""
        star = replace(groups, name="*") if mode.name and len(wanted.groups) >= MANY else None
        yield Check(replace(groups, name=name), star, forbidden)
    values = [(key, value) for key, values in wanted.extra.items() for value in values]
    for key, value in values:
        extra = Access(asker, verb, "", AUTHENTICATION, "userextras", key, value)
        yield Check(extra, replace(extra, subresource="*", name="*") if mode.name and len(values) >= MANY else None)


def _forbidden_group(name: str) -> str:
    if not name:
        return "impersonating the empty string group is not allowed"
    return "impersonating the system:masters group is not allowed" if name == MASTERS else ""


def _completed(wanted: UserInfo, mode: Mode) -> UserInfo:
    """Add the groups that follow from the name."""
    groups = list(wanted.groups)
    account = account_of(wanted.name)
    if account is not None and not groups:
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{account[0]}"]
    elif mode.name and node_of(wanted.name):
        groups = [NODES]
    if wanted.name == ANONYMOUS:
        more = UNAUTHENTICATED
    else:
        more = AUTHENTICATED if UNAUTHENTICATED not in groups else UNAUTHENTICATED
    return replace(wanted, groups=tuple(groups if more in groups else [*groups, more]))


def account_of(name: str) -> tuple[str, str] | None:
    """Return namespace and name of a service account's user, or None for other users."""
    parts = name.split(":")
    if len(parts) != 4 or parts[:2] != ["system", "serviceaccount"]:
        return None
    return None if is_dns1123_label(parts[2]) or is_dns1123_subdomain(parts[3]) else (parts[2], parts[3])


def node_of(name: str) -> str:
    """Return the node of a node's user, or ""."""
    node = name.removeprefix(NODE)
    return node if name.startswith(NODE) and not is_dns1123_subdomain(node) else ""


def _wanted(request: Request) -> UserInfo | None:
    """Return what the headers ask for, as it stands; None if they ask for nothing."""
    name, uid = request.headers.get("impersonate-user", ""), request.headers.get("impersonate-uid", "")
    groups: list[str] = []
    extra: dict[str, list[str]] = {}
    for header, value in request.header_lists:
        if header == "impersonate-group":
            groups.append(value)
        elif header.startswith(EXTRA):
            extra.setdefault(unquote(header[len(EXTRA) :]).lower(), []).append(value)
    if name:
        return UserInfo(name, tuple(groups), uid, {key: tuple(values) for key, values in extra.items()})
    if groups or extra or uid:
        raise bad_request(_without_name(uid, groups, extra))
    return None


def _without_name(uid: str, groups: list[str], extra: dict[str, list[str]]) -> str:
    """Return upstream's words, which print the Go value."""

    def texts(values: list[str]) -> str:
        return "[]string{" + ", ".join(map(json.dumps, values)) + "}" if values else "[]string(nil)"

    more = "map[string][]string(nil)"
    if extra:
        more = "map[string][]string{" + ", ".join(f'"{key}":{texts(extra[key])}' for key in sorted(extra)) + "}"
    shown = f'&user.DefaultInfo{{Name:"", UID:"{uid}", Groups:{texts(groups)}, Extra:{more}}}'
    return f"requested {shown} without impersonating a user name"
