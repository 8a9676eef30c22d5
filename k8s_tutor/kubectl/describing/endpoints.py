"""Endpoints of a Service on one line: the first three ready ones and how many more there are."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View

SHOWN = 3


def slices_of(view: View, namespace: str, service: str) -> list[Json]:
    """Read the EndpointSlices of a Service."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    return view.list(path, labelSelector=f"kubernetes.io/service-name={service}")


def ready_endpoints(slices: list[Json], port: str) -> str:
    """Return the ready addresses behind a named port (the unnamed one is ``""``)."""
    if not slices:
        return "<none>"
    found: list[str] = []
    for one in slices:
        addresses = [
            endpoint["addresses"][0]
            for endpoint in one.get("endpoints") or ()
            if (endpoint.get("conditions") or {}).get("ready") is not False
        ]
        ports = one.get("ports")
        if not ports:
            found += addresses
            continue
        numbers = [entry["port"] for entry in ports if (entry.get("name") or "") == port]
        found += [f"[{ip}]:{number}" if ":" in ip else f"{ip}:{number}" for number in numbers for ip in addresses]
    text = ",".join(found[:SHOWN])
    return f"{text} + {len(found) - SHOWN} more..." if len(found) > SHOWN else text
