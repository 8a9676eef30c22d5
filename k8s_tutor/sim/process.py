"""The cluster's own process: arguments, state folder, one JSON line when ready, an orderly end."""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from k8s_tutor.sim.auth.identity import Identity, write_private

Json = dict[str, Any]
TAKEN, IN_USE = 7, 6
VERSION = "v1.37.2"


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return asyncio.run(_run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m k8s_tutor.sim", description="A practice cluster.")
    parser.add_argument("--state", type=Path, required=True, help="folder of the cluster's files")
    parser.add_argument("--nodes", type=int, default=2, help="workers")
    parser.add_argument("--bare", action="store_true", help="no control-plane node, no add-ons")
    parser.add_argument("--port", type=int, default=0, help="of the API server; 0: a free one")
    parser.add_argument("--name", default="k8s-tutor", help="of the kubeconfig's context")
    parser.add_argument("--token", default="", help="the admin's token; made if not given")
    parser.add_argument(
        "--idle-minutes", type=float, default=30.0, help="stop after so long without a request; 0: never"
    )
    parser.add_argument("--clock-rate", type=float, default=1.0, help="cluster seconds a second")
    parser.add_argument("--no-start-latency", action="store_true", help="images and containers take no time")
    parser.add_argument("--memory", action="store_true", help="keep nothing on disk but keys")
    return parser


async def _run(options: argparse.Namespace) -> int:
    from k8s_tutor.sim.apiserver.server import ApiServer
    from k8s_tutor.sim.clock import Clock
    from k8s_tutor.sim.cluster import Cluster, Shape

    identity = Identity(options.state / "pki", options.token)
    clock = Clock(rate=options.clock_rate)
    cluster = Cluster(
        Shape(options.nodes, options.bare),
        clock=clock,
        start_latency=not options.no_start_latency,
        identity=identity,
    )
    server = ApiServer(cluster)
    try:
        port = await server.start(options.port)
    except OSError as error:
        print(json.dumps({"error": f"port {options.port}: {error.strerror or error}"}), flush=True)
        return TAKEN
    cluster.port = port
    await cluster.start()
    kubeconfig = options.state / "kubeconfig"
    write_private(kubeconfig, identity.kubeconfig(port, options.name))
    print(json.dumps({"ready": True, "port": port, "kubeconfig": str(kubeconfig), "pid": os.getpid()}), flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop()
    await cluster.stop()
    clock.close()
    sys.stdout.flush()
    return 0
