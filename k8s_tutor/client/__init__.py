"""The only room that imports the official ``kubernetes`` package: raw JSON over its configuration, pool and sockets.

Everything above (checks, kubectl, session, screens) sees a `Client` and plain dictionaries. Nothing heavy is imported
until the first request (docs/decisions/0003-client-import.md).
"""

from k8s_tutor.client.client import Client
from k8s_tutor.client.discovery import APIResource, Discovery, NoMatchError
from k8s_tutor.client.errors import ApiError, ConnectionFailedError
from k8s_tutor.client.kubeconfig import KubeconfigError, Target, load_target
from k8s_tutor.client.response import Response
from k8s_tutor.client.watch import Watch, WatchEvent

__all__ = [
    "APIResource",
    "ApiError",
    "Client",
    "ConnectionFailedError",
    "Discovery",
    "KubeconfigError",
    "NoMatchError",
    "Response",
    "Target",
    "Watch",
    "WatchEvent",
    "load_target",
]
