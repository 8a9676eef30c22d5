"""The cluster's own process: arguments, state folder, one JSON line when ready, idle end, an orderly end.

Exit codes: 0 ended as told, 4 the state cannot be read, 6 another process uses the state folder, 7 the port is taken.
"""

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from k8s_tutor.sim.auth.identity import Identity, write_private
from k8s_tutor.sim.collecting import Collecting

if TYPE_CHECKING:
    from k8s_tutor.sim.apiserver.server import ApiServer
    from k8s_tutor.sim.cluster import Cluster
    from k8s_tutor.sim.machinery.journal import SqliteJournal

UNREADABLE, IN_USE, TAKEN = 4, 6, 7
VERSION = "v1.37.2"
IDLE_CHECK_SECONDS = 5.0
SAVE_SECONDS = 30.0
END_SECONDS = 3.0


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (options.state / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _fail(IN_USE, f"another process serves {options.state}")
    Collecting.prepare()
    try:
        return int(_loop_runner()(_run(options)))
    finally:
        lock.close()


def _loop_runner() -> Any:
    """Use uvloop where it is installed: TLS costs half as much."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.run
    return uvloop.run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m k8s_tutor.sim", description="A practice cluster.")
    add = parser.add_argument
    add("--state", type=Path, required=True, help="folder of the cluster's files")
    add("--nodes", type=int, default=2, help="workers")
    add("--bare", action="store_true", help="no control-plane node, no add-ons")
    add("--port", type=int, default=0, help="of the API server; 0: a free one")
    add("--name", default="k8s-tutor", help="of the kubeconfig's context")
    add("--token", default="", help="the admin's token; made if not given")
    add("--idle-minutes", type=float, default=30.0, help="stop after so long without a request; 0: never")
    add("--clock-rate", type=float, default=1.0, help="cluster seconds a second")
    add("--no-start-latency", action="store_true", help="images and containers take no time")
    add("--memory", action="store_true", help="keep nothing on disk but keys")
    add("--images", type=Path, action="append", default=[], help="a further folder of image profiles")
    return parser


def _fail(code: int, why: str) -> int:
    print(json.dumps({"error": why}), flush=True)
    return code


async def _run(options: argparse.Namespace) -> int:
    from k8s_tutor.sim.apiserver.server import ApiServer
    from k8s_tutor.sim.clock import Clock
    from k8s_tutor.sim.cluster import Cluster
    from k8s_tutor.sim.controlplane.control import Control
    from k8s_tutor.sim.controlplane.snapshots import Snapshots
    from k8s_tutor.sim.shape import Shape

    identity = Identity(options.state / "pki", options.token)
    try:
        journal = _journal(options)
    except Exception as error:  # noqa: BLE001 - a damaged or newer file, told to whoever started us
        return _fail(UNREADABLE, f"{options.state / 'state.db'}: {error}")
    saved = float(journal.value("now") or 0) if journal else 0.0
    clock = Clock(rate=options.clock_rate, start=saved or None)
    if journal:
        journal.now = clock.now
    cluster = Cluster(
        Shape(options.nodes, options.bare),
        clock=clock,
        journal=journal,
        start_latency=not options.no_start_latency,
        images=tuple(options.images),
        identity=identity,
    )
    server = ApiServer(cluster)
    remembered = int(journal.value("port") or 0) if journal and not options.port else 0
    try:
        cluster.port = await _listen(server, options.port, remembered)
    except OSError as error:
        return _fail(TAKEN, f"port {options.port}: {error.strerror or error}")
    server.extension = Control(server, Snapshots(cluster, journal), options.name)
    cluster.prepare()
    cluster.store.commit()
    if journal:
        journal.set("port", str(server.port))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _announce(options, cluster, server, identity)
    await _start_components(cluster)
    await _until_told(options, server, cluster, stop)
    await cluster.save_nodes()
    await server.stop()
    with contextlib.suppress(TimeoutError):  # containers that never come to rest do not keep the process
        await asyncio.wait_for(cluster.stop(), END_SECONDS)
    cluster.store.commit()
    if journal:
        journal.close()
    clock.close()
    (options.state / "cluster.json").unlink(missing_ok=True)
    return 0


async def _start_components(cluster: "Cluster") -> None:
    """Start the components one after the other; requests are served in between, as beside a real control plane."""
    for name in cluster.components.names():
        await asyncio.sleep(0)
        cluster.components.start(name)


def _journal(options: argparse.Namespace) -> "SqliteJournal | None":
    if options.memory:
        return None
    from k8s_tutor.sim.machinery.journal import SqliteJournal

    return SqliteJournal(options.state / "state.db")


async def _listen(server: "ApiServer", wanted: int, remembered: int) -> int:
    if remembered:
        try:
            return await server.start(remembered)
        except OSError:
            pass  # somebody took it meanwhile; any free one will do
    return await server.start(wanted)


def _announce(options: argparse.Namespace, cluster: "Cluster", server: "ApiServer", identity: Identity) -> None:
    """Write kubeconfig and cluster.json, and say that we are ready."""
    kubeconfig = options.state / "kubeconfig"
    write_private(kubeconfig, identity.kubeconfig(server.port, options.name))
    facts = {
        "pid": os.getpid(),
        "port": server.port,
        "version": VERSION,
        "name": options.name,
        "nodes": options.nodes,
        "bare": options.bare,
        "rate": cluster.clock.rate,
        "start_latency": cluster.start_latency,
        "kubeconfig": str(kubeconfig),
    }
    write_private(options.state / "cluster.json", json.dumps(facts))
    print(json.dumps({"ready": True, "port": server.port, "kubeconfig": str(kubeconfig)}), flush=True)


async def _until_told(
    options: argparse.Namespace, server: "ApiServer", cluster: "Cluster", stop: asyncio.Event
) -> None:
    """Return on a signal, or when nobody has asked for anything for too long."""
    limit = options.idle_minutes * 60
    log = (options.state / "cluster.log").open("a")
    saved = time.monotonic()
    collecting = Collecting()
    collecting.begin()
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), IDLE_CHECK_SECONDS)
        except TimeoutError:
            _write_log(cluster, log)
            if limit and not server.busy and time.monotonic() - server.last_request > limit:
                stop.set()
            if time.monotonic() - saved > SAVE_SECONDS:
                saved = time.monotonic()
                await cluster.save_nodes()
            collecting.look(server.last_request)
    _write_log(cluster, log)
    log.close()


def _write_log(cluster: "Cluster", log: TextIO) -> None:
    log.writelines(f"{when:.3f} {component}: {message}\n" for when, component, message in cluster.take_log())
    log.flush()
