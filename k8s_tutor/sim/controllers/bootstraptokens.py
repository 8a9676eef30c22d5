"""Tokens with which nodes join: Secrets of their own type (upstream: ``cluster-bootstrap/util/secrets``)."""

import base64

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json

TYPE, PREFIX, NAMESPACE = "bootstrap.kubernetes.io/token", "bootstrap-token-", "kube-system"


def is_bootstrap_token(secret: Json) -> bool:
    """Tell whether a Secret is one."""
    return secret.get("type") == TYPE and secret["metadata"]["namespace"] == NAMESPACE


def text(secret: Json, key: str) -> str:
    """Return a value of a Secret, "" if it is not there."""
    return base64.b64decode((secret.get("data") or {}).get(key, "")).decode(errors="replace")


def seconds_left(secret: Json, now: float) -> float | None:
    """Return how long the token lives; None: for ever. A time that is none has passed."""
    expiration = text(secret, "expiration")
    if not expiration:
        return None
    try:
        return parse_time(expiration) - now
    except ValueError:
        return 0.0


def signing_key(secret: Json, now: float) -> tuple[str, str] | None:
    """Return the token's id and secret, if it may sign."""
    left = seconds_left(secret, now)
    token_id, key = text(secret, "token-id"), text(secret, "token-secret")
    named = bool(token_id) and secret["metadata"]["name"] == PREFIX + token_id
    if not named or not key or (left is not None and left <= 0) or text(secret, "usage-bootstrap-signing") != "true":
        return None
    return token_id, key
