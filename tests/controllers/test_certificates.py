"""Certificate requests: approved for kubelets, signed by four signers, refused for good, cleared away."""

import base64
import ipaddress
from collections.abc import Awaitable, Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.registry.client import LocalClient
from tests.controllers.test_small_controllers import ready

Make = Callable[..., Awaitable[Cluster]]
REQUESTS = "certificatesigningrequests.certificates.k8s.io"
NODE = "system:node:n1"
DNS, IP = x509.DNSName("n1"), x509.IPAddress(ipaddress.ip_address("10.0.0.9"))
CLIENT = ["digital signature", "client auth"]
SERVING = ["digital signature", "server auth"]


def request(name: str, signer: str, usages: list[str], *names: x509.GeneralName, org: str = "system:nodes") -> Json:
    subject = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, org)] if org else []
    subject.append(x509.NameAttribute(x509.NameOID.COMMON_NAME, name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    text = base64.b64encode(pem.public_bytes(serialization.Encoding.PEM)).decode()
    spec = {"request": text, "signerName": f"kubernetes.io/{signer}", "usages": usages}
    return {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"} | {
        "metadata": {"name": "r"},
        "spec": spec,
    }


def approve(client: LocalClient) -> None:
    def change(obj: Json) -> None:
        obj["status"]["conditions"] = [{"type": "Approved", "status": "True", "reason": "Yes"}]

    client.change(REQUESTS, "", "r", change, "approval")


def condition(client: LocalClient) -> Json:
    found = client.get(REQUESTS, "r")
    assert found is not None
    last: Json = found["status"]["conditions"][-1]
    return last


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (request(NODE, "kubelet-serving", SERVING), "DNS or IP subjectAltName is required"),
        (request(NODE, "kubelet-serving", SERVING, DNS, org="x"), "subject organization is not system:nodes"),
        (
            request(NODE, "kubelet-serving", CLIENT, DNS),
            "usages did not match [digital signature key encipherment server auth]",
        ),
        (
            request("me", "kubelet-serving", SERVING, IP),
            "subject common name does not begin with system:node:",
        ),
        (
            request(NODE, "kube-apiserver-client", ["server auth"]),
            "invalid usage for client certificate: server auth",
        ),
        (
            request(NODE, "kube-apiserver-client", ["key encipherment"]),
            "missing required usage for client certificate: client auth",
        ),
        (request(NODE, "kube-apiserver-client-kubelet", CLIENT, DNS), "DNS subjectAltNames are not allowed"),
    ],
)
async def test_signers_refuse_for_good(cluster: Make, made: Json, message: str) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    client.create(REQUESTS, made)
    approve(client)
    await clock.advance(1)
    failed = condition(client)
    assert (failed["type"], failed["reason"], failed["message"]) == ("Failed", "SignerValidationFailure", message)


@pytest.mark.parametrize(
    "made",
    [
        request(NODE, "kubelet-serving", SERVING, DNS, IP),
        request("jane", "kube-apiserver-client", CLIENT, org="team"),
    ],
)
async def test_certificates_carry_what_was_asked_for(cluster: Make, made: Json) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    client.create(REQUESTS, made)
    approve(client)
    await clock.advance(1)
    found = client.get(REQUESTS, "r")
    assert found is not None
    certificate = x509.load_pem_x509_certificate(base64.b64decode(found["status"]["certificate"]))
    asked = x509.load_pem_x509_csr(base64.b64decode(made["spec"]["request"]))
    assert certificate.subject == asked.subject
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    if made["spec"]["usages"] == SERVING:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert list(names) == [DNS, IP]


async def test_kubelets_are_approved(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    client.create(REQUESTS, request(NODE, "kube-apiserver-client-kubelet", CLIENT))
    await clock.advance(1)
    approved = condition(client)
    assert approved["reason"] == "AutoApproved"
    assert approved["message"] == "Auto approving kubelet client certificate after SubjectAccessReview."
    found = client.get(REQUESTS, "r")
    assert found is not None
    assert found["status"]["certificate"]


async def test_others_wait_and_are_cleared_away_after_a_day(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    client.create(REQUESTS, request("jane", "kube-apiserver-client", CLIENT))
    await clock.advance(23 * 3600)
    found = client.get(REQUESTS, "r")
    assert found is not None
    assert not found.get("status", {}).get("conditions")
    await clock.advance(3 * 3600)
    assert client.get(REQUESTS, "r") is None


async def test_what_was_signed_goes_after_an_hour(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    client.create(REQUESTS, request("jane", "kube-apiserver-client", CLIENT))
    approve(client)
    await clock.advance(1800)
    assert client.get(REQUESTS, "r") is not None
    await clock.advance(2 * 3600)
    assert client.get(REQUESTS, "r") is None
