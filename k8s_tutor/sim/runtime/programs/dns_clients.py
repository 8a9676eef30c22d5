"""Programs that ask the DNS: nslookup (busybox' of before and after 1.29, BIND's), host, dig, getent.

Each prints in its own way; what they ask, and whom, is the same (``resolving``).
"""

import secrets
from typing import TYPE_CHECKING

from k8s_tutor.sim.network.dns import Answer, Record
from k8s_tutor.sim.runtime.programs.options import gnu, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import (
    Resolver,
    ask,
    ask_servers,
    host_lines,
    in_hosts_file,
    is_address,
    look_up,
)
from k8s_tutor.sim.runtime.programs.templates import moment

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

KINDS = frozenset({"A", "AAAA", "ANY", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"})
NO_SERVERS = ";; connection timed out; no servers could be reached\n\n"
SERIAL = "1700000000 7200 1800 86400 30"
DIG_VERSION = "9.18.28"


def reverse(address: str) -> str:
    """Return the name under which an address's name is asked."""
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def dotted(record: Record) -> str:
    """Return a record's value with the last dot of names."""
    return record.value if record.type in {"A", "AAAA"} else record.value.rstrip(".") + "."


# -- nslookup


@program("nslookup")
async def nslookup(process: "Process") -> int:
    """Ask for a name or an address."""
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    kinds = [
        word.partition("=")[2].upper() for word in process.argv[1:] if word.startswith(("-type=", "-query=", "-q="))
    ]
    if not words:
        return await usage(process, "[-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]")
    if gnu(process):
        return await _nslookup_bind(process, words, kinds[0] if kinds else "")
    reference = process.container.image.reference
    version = process.container.image.version.split(".")
    old = reference.name.endswith("/busybox") and version[0] == "1" and len(version) > 1 and int(version[1]) < 29
    return await (_nslookup_libc(process, words) if old else _nslookup_busybox(process, words, kinds))


async def _server(process: "Process", words: list[str]) -> str:
    """Return the server's address: the second word, or the first of resolv.conf."""
    if len(words) < 2:
        return (Resolver(process).nameservers or ["127.0.0.1"])[0]
    if is_address(words[1]):
        return words[1]
    _, records = await look_up(process, words[1])
    return next((record.value for record in records if record.type == "A"), words[1])


async def _nslookup_busybox(process: "Process", words: list[str], kinds: list[str]) -> int:
    """Print all answers, A of each candidate and then AAAA: a name without dots has one for each search domain."""
    name, server = words[0], await _server(process, words)
    resolver = Resolver(process)
    names = [name]
    if "." not in name and resolver.searches and kinds[:1] != ["PTR"]:
        names = [f"{name}.{domain}" for domain in resolver.searches]
    if is_address(name):
        names, kinds = [reverse(name)], ["PTR"]
    text, code = f"Server:\t\t{server}\nAddress:\t{server}:53\n\n", 0
    for kind in kinds or ["A", "AAAA"]:
        for candidate in names:
            answer = await ask(process, server, candidate, kind, resolver.timeout * resolver.attempts)
            if answer is None:
                await process.out(NO_SERVERS)
                return 1
            if not answer.exists:
                text += f"** server can't find {candidate}: NXDOMAIN\n"
                code = 1
            text += "".join(_record_line(record, record.value.rstrip(".")) for record in answer.records) + "\n"
    await process.out(text)
    return code


def _record_line(record: Record, value: str) -> str:
    if record.type in {"A", "AAAA"}:
        return f"Name:\t{record.name}\nAddress: {value}\n"
    words = {"CNAME": "canonical name", "PTR": "name", "SRV": "service", "TXT": "text"}
    return f"{record.name}\t{words.get(record.type, record.type)} = {value}\n"


async def _nslookup_libc(process: "Process", words: list[str]) -> int:
    """Print what the C library's resolver gives, with the names of the addresses."""
    server = await _server(process, words)

    async def named(address: str) -> str:
        answer = await ask(process, server, reverse(address), "PTR", 0.0)
        found = answer.records[0].value.rstrip(".") if answer is not None and answer.records else ""
        return f"{address} {found}".rstrip()

    await process.out(f"Server:    {server}\nAddress 1: {await named(server)}\n\n")
    name = words[0]
    if is_address(name):
        await process.out(f"Name:      {name}\nAddress 1: {await named(name)}\n")
        return 0
    _, records = await look_up(process, name)
    addresses = [record.value for record in records if record.type == "A"]
    if not addresses:
        await process.err(f"nslookup: can't resolve '{name}'\n")
        return 1
    lines = [f"Address {number}: {await named(address)}\n" for number, address in enumerate(addresses, 1)]
    await process.out(f"Name:      {name}\n" + "".join(lines))
    return 0


async def _nslookup_bind(process: "Process", words: list[str], kind: str) -> int:
    """Print the first candidate's answer."""
    name, server = words[0], await _server(process, words)
    resolver = Resolver(process)
    resolver.nameservers = [server] if len(words) > 1 else resolver.nameservers
    if is_address(name):
        answer = await ask_servers(process, resolver, reverse(name), "PTR")
        if answer is None:
            await process.out(NO_SERVERS)
            return 1
        if not answer.records:
            await process.out(f"** server can't find {reverse(name)}: NXDOMAIN\n\n")
            return 1
        await process.out("".join(_record_line(record, dotted(record)) for record in answer.records) + "\n")
        return 0
    answer = await _first(process, resolver, name, kind or "A")
    if answer is None:
        await process.out(NO_SERVERS)
        return 1
    text, code = f"Server:\t\t{server}\nAddress:\t{server}#53\n\n", 0
    if not answer.exists:
        text, code = text + f"** server can't find {name}: NXDOMAIN\n", 1
    elif not answer.records:
        text += f"*** Can't find {name}: No answer\n"
    text += "".join(_record_line(record, dotted(record)) for record in answer.records)
    await process.out(text + "\n")
    return code


async def _first(process: "Process", resolver: Resolver, name: str, kind: str) -> Answer | None:
    """Return the answer for the first candidate that exists, or the last one's."""
    answer: Answer | None = None
    dns = process.container.runtime.network.dns
    for candidate in dns.search(name, resolver.searches, resolver.ndots):
        answer = await ask_servers(process, resolver, candidate, kind)
        if answer is None or answer.exists:
            return answer
    return answer


# -- host


@program("host")
async def host(process: "Process") -> int:
    """Ask for a name or an address, in sentences."""
    words, kind = _host_words(process.argv[1:])
    if not words:
        return await usage(process, "[-t type] name [server]")
    name = reverse(words[0]) if is_address(words[0]) else words[0]
    resolver = Resolver(process)
    if len(words) > 1:
        resolver.nameservers = [await _server(process, words)]
        place = f"{resolver.nameservers[0]}#53"
        await process.out(f"Using domain server:\nName: {words[1]}\nAddress: {place}\nAliases: \n\n")
    answer = await _first(process, resolver, name, "PTR" if is_address(words[0]) else kind)
    if answer is None:
        await process.out(";; connection timed out; no servers could be reached\n")
        return 1
    if not answer.exists:
        await process.out(f"Host {name if is_address(words[0]) else words[0]} not found: 3(NXDOMAIN)\n")
        return 1
    sentences = {"A": "has address", "CNAME": "is an alias for", "PTR": "domain name pointer", "SRV": "has SRV record"}
    if not answer.records:
        await process.out(f"{name} has no {kind} record\n")
    for record in answer.records:
        await process.out(f"{record.name} {sentences.get(record.type, record.type)} {dotted(record)}\n")
    return 0


def _host_words(arguments: list[str]) -> tuple[list[str], str]:
    words, kind, rest = [], "A", list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "-t" and rest:
            kind = rest.pop(0).upper()
        elif not word.startswith("-"):
            words.append(word)
    return words, kind


# -- dig


@program("dig")
async def dig(process: "Process") -> int:
    """Ask, and show the answer's sections."""
    query = _Query(process)
    if not query.name:
        query.name, query.kind = ".", "NS"
    resolver = Resolver(process)
    if query.server:
        resolver.nameservers = [await _server(process, ["", query.server])]
    dns = process.container.runtime.network.dns
    names = dns.search(query.name, resolver.searches, resolver.ndots) if query.on("search") else [query.name]
    answer: Answer | None = None
    asked = names[0]
    for asked in names:
        answer = await ask_servers(process, resolver, asked, query.kind)
        if answer is None or answer.exists:
            break
    shown = not query.on("short") and query.on("cmd", query.on("all", default=True))
    if shown:
        line = " ".join(process.argv[1:])
        await process.out(f"\n; <<>> DiG {DIG_VERSION} <<>> {line}\n;; global options: +cmd\n")
    if answer is None:
        lost = "".join(f";; communications error to {server}#53: timed out\n" for server in resolver.nameservers)
        await process.out(f"{lost * 3};; no servers could be reached\n" + ("\n" if shown else ""))
        return 9
    if query.on("short"):
        await process.out("".join(f"{dotted(record)}\n" for record in answer.records))
        return 0
    await process.out(_sections(process, query, asked.rstrip("."), answer, resolver.nameservers[0]))
    return 0


class _Query:
    """The arguments of dig."""

    def __init__(self, process: "Process") -> None:
        self.name, self.kind, self.server = "", "A", ""
        self._switches: dict[str, bool] = {}
        rest = process.argv[1:]
        while rest:
            word = rest.pop(0)
            if word.startswith("+"):
                name = word[1:].partition("=")[0]
                self._switches[name.removeprefix("no") if name.startswith("no") else name] = not name.startswith("no")
            elif word.startswith("@"):
                self.server = word[1:]
            elif word == "-x" and rest:
                self.name, self.kind = reverse(rest.pop(0)), "PTR"
            elif word in {"-t", "-q", "-p", "-c"} and rest:
                value = rest.pop(0)
                self.kind = value.upper() if word == "-t" else self.kind
                self.name = value if word == "-q" else self.name
            elif word.upper() in KINDS:
                self.kind = word.upper()
            elif not word.startswith("-"):
                self.name = word

    def on(self, name: str, default: bool = False) -> bool:  # noqa: FBT002 - what holds if it is not said
        """Tell whether a switch is set."""
        return self._switches.get(name, default)


def _sections(process: "Process", query: _Query, name: str, answer: Answer, server: str) -> str:
    every = query.on("all", default=True)
    text = ""
    status = "NOERROR" if answer.exists else "NXDOMAIN"
    authority = not answer.records
    if query.on("comments", every):
        text += ";; Got answer:\n"
        if name.endswith(".local"):
            text += ";; WARNING: .local is reserved for Multicast DNS\n"
            text += ";; You are currently testing what happens when an mDNS query is leaked to DNS\n"
        text += f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: {secrets.randbelow(1 << 16)}\n"
        text += (
            f";; flags: qr aa rd; QUERY: 1, ANSWER: {len(answer.records)}, AUTHORITY: {int(authority)}, ADDITIONAL: 1\n"
        )
        text += ";; WARNING: recursion requested but not available\n\n;; OPT PSEUDOSECTION:\n"
        text += f"; EDNS: version: 0, flags:; udp: 1232\n; COOKIE: {secrets.token_hex(8)} (echoed)\n"
    heads = query.on("comments", every)
    if query.on("question", every):
        text += (
            (";; QUESTION SECTION:\n" if heads else "") + _columns((f";{name}.", "IN", query.kind), (32, 40)) + "\n\n"
        )
    if answer.records and query.on("answer", every):
        lines = [_columns((f"{r.name}.", "30", "IN", r.type, dotted(r)), (24, 32, 40, 48)) for r in answer.records]
        text += (";; ANSWER SECTION:\n" if heads else "") + "\n".join(lines) + "\n" + ("\n" if heads else "")
    if authority and query.on("authority", every):
        soa = ("cluster.local.", "30", "IN", "SOA", f"ns.dns.cluster.local. hostmaster.cluster.local. {SERIAL}")
        text += (";; AUTHORITY SECTION:\n" if heads else "") + _columns(soa, (24, 32, 40, 48)) + "\n\n"
    if query.on("stats", every):
        text += f";; Query time: 0 msec\n;; SERVER: {server}#53({server}) (UDP)\n"
        text += f";; WHEN: {moment(process, '%a %b %d %H:%M:%S UTC %Y')}\n;; MSG SIZE  rcvd: {len(name) * 2 + 69}\n\n"
    return text


def _columns(parts: tuple[str, ...], stops: tuple[int, ...]) -> str:
    """Return parts at tab stops, one space where a part is too long for its own."""
    text = ""
    for part, stop in zip(parts, stops, strict=False):
        text += part
        width = len(text.expandtabs(8))
        text += "\t" * -(-(stop - width) // 8) if width < stop else " "
    return text + parts[-1]


# -- getent


@program("getent")
async def getent(process: "Process") -> int:
    """Look something up as the C library does."""
    words = process.argv[1:]
    if not words:
        await process.err("getent: wrong number of arguments\n")
        return 1
    database, keys = words[0], words[1:]
    if database in {"hosts", "ahosts", "ahostsv4"}:
        if not keys:
            await process.out("".join(f"{address:<15} {' '.join(names)}\n" for address, names in host_lines(process)))
            return 0
        codes = [await _getent_host(process, database, key) for key in keys]
        return max(codes)
    if database in {"passwd", "group"}:
        text = process.files.read_file(f"/etc/{database}").decode("utf-8", "replace")
        lines = [line for line in text.splitlines() if not keys or {line.split(":")[0], line.split(":")[2]} & set(keys)]
        await process.out("".join(f"{line}\n" for line in lines))
        return 0 if lines else 2
    await process.err(f"Unknown database: {database}\nTry `getent --help' or `getent --usage' for more information.\n")
    return 1


async def _getent_host(process: "Process", database: str, key: str) -> int:
    if is_address(key):
        names = next((names for address, names in host_lines(process) if address == key), None)
        if names is None:
            answer = await ask_servers(process, Resolver(process), reverse(key), "PTR")
            names = [record.value.rstrip(".") for record in answer.records] if answer else []
        if not names:
            return 2
        await process.out(f"{key:<15} {' '.join(names)}\n")
        return 0
    known = in_hosts_file(process, key)
    if known is not None:
        names = next(names for address, names in host_lines(process) if address == known and key in names)
        addresses, shown = [known], " ".join(names)
    else:
        shown, records = await look_up(process, key)
        addresses = [record.value for record in records if record.type == "A"]
    if not addresses:
        return 2
    if database == "hosts":
        await process.out("".join(f"{address:<15} {shown}\n" for address in addresses))
        return 0
    for address in addresses:
        await process.out(f"{address:<15} STREAM {shown}\n{address:<15} DGRAM  \n{address:<15} RAW    \n")
    return 0
