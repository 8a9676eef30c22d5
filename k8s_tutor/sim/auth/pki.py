"""Keys and certificates: the cluster's CA, the server's certificate, client certificates (EC P-256).

Certificates follow the wall clock, whatever the cluster's clock says: TLS libraries of clients do. ``cryptography`` is
imported only when something is made or signed, because loading it costs a fifth of the start-up budget.
"""

import base64
import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

YEAR = datetime.timedelta(days=365)
SKEW = datetime.timedelta(minutes=5)
SHORT = datetime.timedelta(hours=8)
# A CertificateSigningRequest's usages, and what certificates call them.
KEY_USAGES = {
    "signing": "digital_signature",
    "digital signature": "digital_signature",
    "content commitment": "content_commitment",
    "key encipherment": "key_encipherment",
    "data encipherment": "data_encipherment",
    "key agreement": "key_agreement",
    "cert sign": "key_cert_sign",
    "crl sign": "crl_sign",
    "encipher only": "encipher_only",
    "decipher only": "decipher_only",
}
PURPOSES = {
    "any": "2.5.29.37.0",
    "server auth": "1.3.6.1.5.5.7.3.1",
    "client auth": "1.3.6.1.5.5.7.3.2",
    "code signing": "1.3.6.1.5.5.7.3.3",
    "email protection": "1.3.6.1.5.5.7.3.4",
    "s/mime": "1.3.6.1.5.5.7.3.4",
    "ipsec end system": "1.3.6.1.5.5.7.3.5",
    "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec user": "1.3.6.1.5.5.7.3.7",
    "timestamping": "1.3.6.1.5.5.7.3.8",
    "ocsp signing": "1.3.6.1.5.5.7.3.9",
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
    "netscape sgc": "2.16.840.1.113730.4.1",
}
SERVICE_ADDRESS = "10.96.0.1"
SERVER_HOSTS = (
    "127.0.0.1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    SERVICE_ADDRESS,
    "172.18.0.1",
    "172.18.0.2",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: str
    key: str


def new_key() -> str:
    """Return a fresh EC private key (PEM)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return _key_pem(ec.generate_private_key(ec.SECP256R1()))


def make_ca(name: str = "kubernetes") -> Pair:
    """Return a self-signed CA."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name, ())
    builder = _builder(subject, subject, key.public_key(), 10 * YEAR)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(_certificate_pem(certificate), _key_pem(key))


def issue(ca: Pair, name: str, groups: Sequence[str] = (), *, hosts: Sequence[str] = (), client: bool = False) -> Pair:
    """Return a certificate signed by the CA, with a fresh key: for a server (``hosts``) or a client (user, groups)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    usages = ("client auth",) if client else ("server auth",)
    certificate = _sign(ca, _subject(name, groups), key.public_key(), YEAR, usages, [_host(host) for host in hosts])
    return Pair(certificate, _key_pem(key))


def sign_request(
    ca: Pair, wanted: "x509.CertificateSigningRequest", lifetime: datetime.timedelta, usages: Sequence[str]
) -> str:
    """Return a certificate (PEM) for a request: of its subject, key and names; usages as in a CertificateSigningRequest."""
    from cryptography import x509

    try:
        names = list(wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if lifetime >= SHORT:
        lifetime -= SKEW  # what begins earlier ends earlier, unless it is short as it is
    return _sign(ca, wanted.subject, wanted.public_key(), lifetime, usages, names)


def _sign(
    ca: Pair,
    subject: "x509.Name",
    public_key: "CertificatePublicKeyTypes",
    lifetime: datetime.timedelta,
    usages: Sequence[str],
    names: Sequence["x509.GeneralName"] = (),
) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    issuer = x509.load_pem_x509_certificate(ca.certificate.encode())
    key = serialization.load_pem_private_key(ca.key.encode(), None)
    assert isinstance(key, EllipticCurvePrivateKey)  # noqa: S101 - we made it
    builder = _builder(subject, issuer.subject, public_key, lifetime)
    chosen = {KEY_USAGES[usage] for usage in usages if usage in KEY_USAGES}
    if "key_agreement" not in chosen:
        chosen -= {"encipher_only", "decipher_only"}  # they say something about the key agreement only
    if chosen:
        flags = {flag: flag in chosen for flag in KEY_USAGES.values()}
        builder = builder.add_extension(x509.KeyUsage(**flags), critical=True)
    purposes = dict.fromkeys(number for usage, number in PURPOSES.items() if usage in usages)
    if purposes:
        purpose_ids = [x509.ObjectIdentifier(number) for number in purposes]
        builder = builder.add_extension(x509.ExtendedKeyUsage(purpose_ids), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _certificate_pem(builder.sign(key, hashes.SHA256()))


def is_expired(certificate: str) -> bool:
    """Whether a certificate (PEM, in base64) has ended."""
    from cryptography import x509

    end = x509.load_pem_x509_certificate(base64.b64decode(certificate)).not_valid_after_utc
    return end < datetime.datetime.now(datetime.UTC)


def expires_soon(certificate: str) -> bool:
    """Whether the certificate (PEM) ends within 30 days."""
    from cryptography import x509

    end = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    return end - datetime.datetime.now(datetime.UTC) < datetime.timedelta(days=30)


def user_of(der: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the user (common name) and groups (organisations) of a client certificate."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    subject = x509.load_der_x509_certificate(der).subject
    names = [str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = tuple(str(a.value) for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))
    return (names[0] if names else ""), groups


def _builder(
    subject: "x509.Name", issuer: "x509.Name", public_key: "CertificatePublicKeyTypes", lifetime: datetime.timedelta
) -> "x509.CertificateBuilder":
    from cryptography import x509

    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + lifetime)
    )


def _subject(name: str, groups: Sequence[str]) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _certificate_pem(certificate: "x509.Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: "EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
