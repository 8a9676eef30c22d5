"""``agnhost test-service-account-issuer-discovery``: a stranger to the cluster verifies a service account's token.

As ``test/images/agnhost/openidmetadata`` does by OpenID Connect: the token names its issuer, the issuer's metadata name the
keys, and with the right key the signature, the audience and the times are checked.
"""

import base64
from typing import TYPE_CHECKING

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network import NetworkError, Tls
from k8s_tutor.sim.network.http import split_url
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, fatal, log, subcommand
from k8s_tutor.sim.runtime.programs.agnhost.looking import ACCOUNT
from k8s_tutor.sim.runtime.programs.fetching import request
from k8s_tutor.sim.runtime.programs.resolving import resolve

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

METADATA = "/.well-known/openid-configuration"
COORDINATE = 32
PATIENCE = 30.0


class _InvalidError(Exception):
    """The token cannot be believed, and why."""


@subcommand("test-service-account-issuer-discovery", token_path="", audience="")
async def test_service_account_issuer_discovery(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Validate the token of a file."""
    del operands
    try:
        token = process.files.read_file(flags["token-path"], who=process.credentials).decode()
    except OSError:
        return await fatal(process, f"open {flags['token-path']}: no such file or directory")
    log(process, "OK: Got token")
    log(process, "validating with in-cluster discovery")
    try:
        await _validate(process, token, flags["audience"])
    except (_InvalidError, NetworkError, OSError, ValueError, KeyError) as error:
        return await fatal(process, f"failed to validate with in-cluster discovery: {error}")
    return 0


async def _validate(process: "Process", token: str, audience: str) -> None:
    head, body, signature = token.split(".")
    claims = orjson.loads(_unpacked(body))
    issuer = claims["iss"]
    log(process, f"OK: got issuer {issuer}")
    log(process, f"Full, not-validated claims: \n{claims}")
    provider = await _get(process, issuer + METADATA)
    if provider["issuer"] != issuer:
        raise _InvalidError(
            f'oidc: issuer URL provided to client ("{issuer}") did not match the issuer URL returned by provider '
            f'("{provider["issuer"]}")'
        )
    log(process, f"OK: Constructed OIDC provider for issuer {issuer}")
    if audience not in claims["aud"]:
        raise _InvalidError(f'oidc: expected audience "{audience}" got {claims["aud"]}')
    if claims["exp"] < process.container.clock.now():
        raise _InvalidError("oidc: token is expired")
    key_id = orjson.loads(_unpacked(head))["kid"]
    keys = (await _get(process, provider["jwks_uri"]))["keys"]
    if not any(_signed(key, f"{head}.{body}".encode(), _unpacked(signature)) for key in keys if key["kid"] == key_id):
        raise _InvalidError("failed to verify signature: failed to verify id token signature")
    log(process, "OK: Validated signature on JWT")
    log(process, "OK: Got valid claims from token!")
    log(process, f"Full, validated claims: \n{claims}")


async def _get(process: "Process", url: str) -> Json:
    """Return a JSON document, asked for as the pod's service account."""
    files, who = process.files, process.credentials
    token = files.read_file(f"{ACCOUNT}/token", who=who).decode()
    authorities = files.read_file(f"{ACCOUNT}/ca.crt", who=who).decode()
    host, _, _ = split_url(url)
    address = (await resolve(process, host))[0]
    believed = Tls(verify=True, authorities=authorities, host=host)
    headers = {"Authorization": f"Bearer {token}"}
    found = await request(process, "GET", url, address, headers, b"", PATIENCE, believed)
    if found.status != 200:
        raise _InvalidError(f"{found.status} {found.reason}: {found.text}")
    document: Json = orjson.loads(found.body)
    return document


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signed(key: Json, data: bytes, signature: bytes) -> bool:
    """Whether the holder of a key (P-256, as a JSON Web Key) has signed these bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    x, y = (int.from_bytes(_unpacked(key[name])) for name in ("x", "y"))
    r, s = int.from_bytes(signature[:COORDINATE]), int.from_bytes(signature[COORDINATE:])
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    try:
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
