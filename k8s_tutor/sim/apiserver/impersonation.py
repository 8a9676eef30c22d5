"""Acting as somebody else: ``Impersonate-User`` and its companions.

Mirrors ``apiserver/pkg/endpoints/filters/impersonation``: the real user must have the verb ``impersonate`` on each.
"""

from urllib.parse import unquote

from k8s_tutor.sim.apiserver.http.message import Request
from k8s_tutor.sim.auth.authorizer import Authorizer
from k8s_tutor.sim.auth.rbac import Access
from k8s_tutor.sim.machinery.status import bad_request
from k8s_tutor.sim.registry.strategy import UserInfo

EXTRA = "impersonate-extra-"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
AUTHENTICATION = "authentication.k8s.io"


def impersonate(request: Request, user: UserInfo, authorizer: Authorizer) -> UserInfo:
    """Return the user as whom the request acts.

    Raises:
        ApiError: 400 without a user name, 403 if it may not.
    """
    name = request.headers.get("impersonate-user", "")
    groups: list[str] = []
    extra: dict[str, list[str]] = {}
    uid = request.headers.get("impersonate-uid", "")
    for header, value in request.header_lists:
        if header == "impersonate-group":
            groups.append(value)
        elif header.startswith(EXTRA):
            extra.setdefault(unquote(header[len(EXTRA) :]).lower(), []).append(value)
    if not name:
        if groups or extra or uid:
            raise bad_request(_without_name(uid, groups, extra))
        return user
    _check(authorizer, user, name, uid, groups, extra)
    parts = name.split(":")
    account = len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]
    if account and not groups:
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{parts[2]}"]
    if name == "system:anonymous":
        if UNAUTHENTICATED not in groups:
            groups.append(UNAUTHENTICATED)
    elif AUTHENTICATED not in groups and UNAUTHENTICATED not in groups:
        groups.append(AUTHENTICATED)
    return UserInfo(name, tuple(groups), uid, {key: tuple(values) for key, values in extra.items()})


def _check(
    authorizer: Authorizer, user: UserInfo, name: str, uid: str, groups: list[str], extra: dict[str, list[str]]
) -> None:
    parts = name.split(":")
    if len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]:
        authorizer.require(Access(user, "impersonate", parts[2], "", "serviceaccounts", "", parts[3]))
    else:
        authorizer.require(Access(user, "impersonate", "", "", "users", "", name))
    for group in groups:
        authorizer.require(Access(user, "impersonate", "", "", "groups", "", group))
    for key, values in extra.items():
        for value in values:
            authorizer.require(Access(user, "impersonate", "", AUTHENTICATION, "userextras", key, value))
    if uid:
        authorizer.require(Access(user, "impersonate", "", AUTHENTICATION, "uids", "", uid))


def _without_name(uid: str, groups: list[str], extra: dict[str, list[str]]) -> str:
    """Return upstream's words, which print the Go value."""

    def texts(values: list[str]) -> str:
        return "[]string{" + ", ".join(f'"{value}"' for value in values) + "}" if values else "[]string(nil)"

    more = "map[string][]string(nil)"
    if extra:
        more = "map[string][]string{" + ", ".join(f'"{key}":{texts(extra[key])}' for key in sorted(extra)) + "}"
    shown = f'&user.DefaultInfo{{Name:"", UID:"{uid}", Groups:{texts(groups)}, Extra:{more}}}'
    return f"requested {shown} without impersonating a user name"
