"""ServiceAccount tokens: JWTs signed with ES256, bound to a pod, node or secret, as the TokenRequest API makes them.

Mirrors ``pkg/serviceaccount`` (claims and validation). Times are the cluster's.
"""

import base64
import uuid
from dataclasses import dataclass

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.identity import Identity
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.store import Store
from k8s_tutor.sim.registry.strategy import UserInfo

ISSUER = "https://kubernetes.default.svc.cluster.local"
COORDINATE = 32  # bytes of r and of s in an ES256 signature


@dataclass(frozen=True, slots=True)
class Bound:
    """The object whose life a token shares: ``Pod``, ``Node`` or ``Secret``."""

    kind: str
    name: str
    uid: str


class Tokens:
    """Issues and checks ServiceAccount tokens."""

    def __init__(self, identity: Identity, store: Store, clock: Clock) -> None:
        self._identity = identity
        self._store = store
        self._clock = clock
        self._known: dict[str, Json] = {}

    def issue(
        self, account: Json, audiences: list[str] | None = None, seconds: int = 3600, bound: Bound | None = None
    ) -> str:
        """Return a token for a ServiceAccount object."""
        meta = account["metadata"]
        now = int(self._clock.now())
        private: Json = {"namespace": meta["namespace"], "serviceaccount": {"name": meta["name"], "uid": meta["uid"]}}
        if bound is not None:
            private[bound.kind.lower()] = {"name": bound.name, "uid": bound.uid}
            private |= self._node_of(bound, meta["namespace"])
        claims = {
            "aud": audiences or [ISSUER],
            "exp": now + seconds,
            "iat": now,
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": private,
            "nbf": now,
            "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        }
        token = _sign(self._identity.token_key, claims)
        self._known[token] = claims
        return token

    def check(self, token: str, audiences: list[str] | None = None) -> tuple[UserInfo, list[str]] | None:
        """Return the user and the matching audiences, or None if the token is not (or no longer) valid."""
        claims = self._known.get(token)
        if claims is None:
            claims = _verify(self._identity.token_key, token)
            if claims is None:
                return None
            self._known[token] = claims
        fitting = [name for name in audiences or [ISSUER] if name in claims["aud"]]
        now = self._clock.now()
        if not fitting or not claims["nbf"] - 60 <= now < claims["exp"]:
            return None
        user = self._user(claims)
        return (user, fitting) if user else None

    def public_key(self) -> Json:
        """Return the key by which others can verify tokens, as a JSON Web Key."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        pem = self._identity.token_key
        key = serialization.load_pem_private_key(pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we made it
        numbers = key.public_key().public_numbers()
        x, y = (_b64(number.to_bytes(COORDINATE, "big")) for number in (numbers.x, numbers.y))
        head = {"use": "sig", "kty": "EC", "kid": _key_id(pem), "crv": "P-256", "alg": "ES256"}
        return head | {"x": x, "y": y}

    def _user(self, claims: Json) -> UserInfo | None:
        private = claims["kubernetes.io"]
        namespace, account = private["namespace"], private["serviceaccount"]
        if not self._lives("serviceaccounts", namespace, account):
            return None
        extra = {"authentication.kubernetes.io/credential-id": (f"JTI={claims['jti']}",)}
        for kind, resource, home in (("pod", "pods", namespace), ("secret", "secrets", namespace)):
            if kind in private:
                if not self._lives(resource, home, private[kind]):
                    return None
                if kind == "pod":
                    extra["authentication.kubernetes.io/pod-name"] = (private[kind]["name"],)
                    extra["authentication.kubernetes.io/pod-uid"] = (private[kind]["uid"],)
        if "node" in private:
            extra["authentication.kubernetes.io/node-name"] = (private["node"]["name"],)
            if private["node"].get("uid"):
                extra["authentication.kubernetes.io/node-uid"] = (private["node"]["uid"],)
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return UserInfo(claims["sub"], groups, account["uid"], extra)

    def _lives(self, resource: str, namespace: str, of: Json) -> bool:
        entry = self._store.get(resource, namespace, of["name"])
        return entry is not None and entry.obj["metadata"]["uid"] == of["uid"]

    def _node_of(self, bound: Bound, namespace: str) -> Json:
        if bound.kind != "Pod":
            return {}
        pod = self._store.get("pods", namespace, bound.name)
        name = pod.obj["spec"].get("nodeName") if pod else None
        node = self._store.get("nodes", "", name) if name else None
        return {"node": {"name": name, "uid": node.obj["metadata"]["uid"]}} if node else {}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sign(key_pem: str, claims: Json) -> str:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we made it
    signed = f"{_b64(orjson.dumps({'alg': 'ES256', 'kid': _key_id(key_pem)}))}.{_b64(orjson.dumps(claims))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_b64(r.to_bytes(COORDINATE, 'big') + s.to_bytes(COORDINATE, 'big'))}"


def _verify(key_pem: str, token: str) -> Json | None:
    """Return the claims of a token that this cluster signed, else None."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we made it
    try:
        signed, signature = token.rsplit(".", 1)
        raw = _unb64(signature)
        encoded = encode_dss_signature(int.from_bytes(raw[:COORDINATE], "big"), int.from_bytes(raw[COORDINATE:], "big"))
        key.public_key().verify(encoded, signed.encode(), ec.ECDSA(hashes.SHA256()))
        claims: Json = orjson.loads(_unb64(signed.split(".")[1]))
    except (ValueError, IndexError, InvalidSignature):
        return None
    return claims


def _key_id(key_pem: str) -> str:
    import hashlib

    return _b64(hashlib.sha256(key_pem.encode()).digest())
