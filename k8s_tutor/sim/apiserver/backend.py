"""What the handlers of requests may use: the cluster's parts, who asks, health, counts, and the end of the server.

The API server (``server.py``) is one of these that also listens.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.apiserver.health import Health
from k8s_tutor.sim.apiserver.http.message import StreamWriter
from k8s_tutor.sim.apiserver.impersonation import Impersonator
from k8s_tutor.sim.apiserver.requests import Requests
from k8s_tutor.sim.auth.authenticator import Authenticator
from k8s_tutor.sim.cluster import Cluster

if TYPE_CHECKING:
    from k8s_tutor.sim.apiserver.discovery import Discovery


class Backend:
    """One cluster, as its API serves it.

    Args:
        cluster: started or not.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.clock = cluster.clock
        self.rest = cluster.rest
        self.scheme = cluster.scheme
        self.authorizer = cluster.authorizer
        self.customs: Any = cluster.customs
        self.authenticator = Authenticator(cluster.identity, cluster.tokens)
        self.impersonator = Impersonator(cluster.authorizer)
        self.health = Health(lambda: cluster.etcd.has_quorum)
        self.requests = Requests()
        self.started = time.monotonic()
        self.port = 0
        self.discovery: Discovery
        self.stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def until_stopped(self, writer: StreamWriter) -> None:
        """Return when the client has gone or the server stops."""
        gone = asyncio.ensure_future(writer.wait_closed())
        try:
            await asyncio.wait((gone, self.stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
