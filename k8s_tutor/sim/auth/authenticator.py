"""Who asks: bearer tokens (the admin's, ServiceAccounts'), client certificates, else the anonymous user.

Mirrors ``apiserver/pkg/authentication/request``; a token that is not valid is refused, none at all is anonymous.
"""

import uuid

from k8s_tutor.sim.apiserver.http.message import Request
from k8s_tutor.sim.auth.identity import ADMIN, Identity
from k8s_tutor.sim.auth.pki import user_of
from k8s_tutor.sim.auth.tokens import Tokens
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.strategy import UserInfo

AUTHENTICATED = "system:authenticated"
MASTERS = "system:masters"
ANONYMOUS = UserInfo("system:anonymous", ("system:unauthenticated",))
PROTOCOL = "base64url.bearer.authorization.k8s.io."  # a token as WebSocket sub-protocol, for browsers


def unauthorized() -> ApiError:
    """401."""
    return ApiError(401, "Unauthorized", "Unauthorized")


class Authenticator:
    """Finds the user of a request."""

    def __init__(self, identity: Identity, tokens: Tokens) -> None:
        self._identity = identity
        self._tokens = tokens
        # As a user of a static token file, who has a uid there.
        uid = str(uuid.uuid5(uuid.NAMESPACE_OID, identity.admin_token))
        self._admin = UserInfo(ADMIN, (MASTERS, AUTHENTICATED), uid)
        self._certificates: dict[bytes, UserInfo] = {}

    def authenticate(self, request: Request) -> UserInfo:
        """Return the user.

        Raises:
            ApiError: 401 for a token that is not valid.
        """
        header = request.headers.get("authorization")
        if header is None:
            certificate = request.connection.peer_certificate
            return self._by_certificate(certificate) if certificate else ANONYMOUS
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return ANONYMOUS
        return self.by_token(token.strip())

    def by_token(self, token: str) -> UserInfo:
        """Return the user of a bearer token."""
        if token == self._identity.admin_token:
            return self._admin
        found = self._tokens.check(token)
        if found is None:
            raise unauthorized()
        return found[0]

    def _by_certificate(self, der: bytes) -> UserInfo:
        user = self._certificates.get(der)
        if user is None:
            name, groups = user_of(der)
            user = self._certificates[der] = UserInfo(name, (*groups, AUTHENTICATED))
        return user
