"""kube-proxy's health checks of Services with local traffic: what a load balancer asks each node.

Mirrors ``pkg/proxy/healthcheck``: a Service of type LoadBalancer with ``externalTrafficPolicy: Local`` has a port on
every node that tells how many ready endpoints the node has; none is 503, and the balancer goes elsewhere.
"""

import json

from k8s_tutor.sim.network.http import HttpRequest, HttpResponse
from k8s_tutor.sim.network.objects import Key


def answer(request: HttpRequest, key: Key, endpoints: int) -> HttpResponse:
    """Return a node's answer about one Service."""
    del request
    namespace, name = key
    body = {
        "service": {"namespace": namespace, "name": name},
        "localEndpoints": endpoints,
        "serviceProxyHealthy": True,
    }
    headers = {
        "Content-Type": "application/json",
        "X-Content-Type-Options": "nosniff",
        "X-Load-Balancing-Endpoint-Weight": str(endpoints),
    }
    return HttpResponse(200 if endpoints else 503, json.dumps(body, indent="\t").encode(), headers)
