"""Clients of databases: psql, mysql, mongosh as far as "is it there, and who am I" goes."""

import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import NetworkError, Stream
from k8s_tutor.sim.runtime.programs.options import applet
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import resolve

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

PORTS = {
    "psql": 5432,
    "pg_isready": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "mysqladmin": 3306,
    "mongosh": 27017,
    "mongo": 27017,
}


async def greet(stream: Stream) -> None:
    """Serve a connection of these clients: each line is a question, the version the answer."""
    while await stream.read_line():
        await stream.write(b"ok\n")


def _value(words: list[str], *names: str) -> str:
    for index, word in enumerate(words):
        for name in names:
            if word == name and index + 1 < len(words):
                return words[index + 1]
            if word.startswith(name + "=") or (len(name) == 2 and word.startswith(name) and len(word) > 2):
                return word[len(name) :].lstrip("=")
    return ""


async def _connect(process: "Process", host: str, port: int) -> str:
    """Return why there is no connection; empty if there is one."""
    addresses = await resolve(process, host)
    if not addresses:
        return "could not translate host name"
    try:
        stream = await process.pause(
            process.container.runtime.network.connect(process.container.config.pod_ip, addresses[0], port, 10.0)
        )
    except NetworkError as error:
        return error.message
    await stream.write(b"hello\n")
    await process.pause(stream.read_line())
    stream.close()
    return ""


@program("sql-ready")
async def ready(process: "Process") -> int:
    """``pg_isready`` and ``mysqladmin ping``."""
    name = applet(process)
    host = _value(process.argv, "-h", "--host") or "127.0.0.1"
    port = int(_value(process.argv, "-p", "--port") or 0) if name == "pg_isready" else 0
    wrong = await _connect(process, host, port or PORTS.get(name, 5432))
    if name == "pg_isready":
        shown = host if host != "127.0.0.1" else "/var/run/postgresql"
        await process.out(f"{shown}:{port or 5432} - {'no response' if wrong else 'accepting connections'}\n")
        return 2 if wrong else 0
    if wrong:
        await process.err(
            f"mysqladmin: connect to server at '{host}' failed\nerror: 'Can't connect to MySQL server on '{host}:3306' (111)'\n"
        )
        return 1
    await process.out("mysqld is alive\n")
    return 0


@program("sql-client", memory=4 << 20)
async def client(process: "Process") -> int:
    """Ask one question (-c, -e, --eval)."""
    name = applet(process)
    host = _value(process.argv, "-h", "--host") or "127.0.0.1"
    wrong = await _connect(process, host, PORTS.get(name, 5432))
    if wrong:
        text = {
            "psql": f'psql: error: connection to server at "{host}", port 5432 failed: {wrong}\n\tIs the server running on that host and accepting TCP/IP connections?\n',
            "mongosh": f"MongoNetworkError: connect ECONNREFUSED {host}:27017\n",
        }.get(name, f"ERROR 2003 (HY000): Can't connect to MySQL server on '{host}:3306' (111)\n")
        await process.err(text)
        return 2 if name == "psql" else 1
    question = _value(process.argv, "-c", "--command", "-e", "--execute", "--eval")
    if not question:
        question = (await process.read(0)).decode("utf-8", "replace")
    return await _answer(process, name, question.strip().rstrip(";"))


async def _answer(process: "Process", name: str, question: str) -> int:
    version = process.container.image.version
    if name in {"mongosh", "mongo"}:
        await process.out("{ ok: 1 }\n" if "ping" in question else f"{version}\n")
        return 0
    match = re.fullmatch(r"select\s+(\d+|'[^']*'|version\(\)|now\(\))", question, re.IGNORECASE)
    if match:
        product = f"PostgreSQL {version}" if name == "psql" else version
        value = product if match[1].lower() == "version()" else match[1].strip("'")
        heading = "version" if match[1].lower() == "version()" else "?column?" if name == "psql" else match[1]
        if name == "psql":
            width = max(len(heading), len(value))
            await process.out(f" {heading:^{width}} \n{'-' * (width + 2)}\n {value:>{width}}\n(1 row)\n\n")
        else:
            await process.out(f"{heading}\n{value}\n")
        return 0
    if re.fullmatch(r"\\l|show databases", question, re.IGNORECASE):
        database = (
            process.env.get("POSTGRES_DB")
            or process.env.get("MYSQL_DATABASE")
            or ("postgres" if name == "psql" else "mysql")
        )
        await process.out(f"{database}\n")
        return 0
    await process.err(
        "ERROR:  this simulated database knows only SELECT of a constant or version(), and the list of databases\n"
    )
    return 1
