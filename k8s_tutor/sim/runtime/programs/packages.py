"""Package managers without a network, entrypoints that execute their arguments, pagers and editors."""

import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.procfs import settings
from k8s_tutor.sim.runtime.programs.options import applet, parse
from k8s_tutor.sim.runtime.programs.reading import read_all
from k8s_tutor.sim.runtime.programs.registry import program, resident
from k8s_tutor.sim.runtime.programs.serving import hand_over

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

SERVERS = {"redis": "redis-server", "postgres": "postgres", "mysql": "mysqld", "mariadb": "mariadbd", "mongo": "mongod"}


@resident("exec-entrypoint", memory=400 << 10)
def entrypoint(process: "Process") -> None:
    """Execute the arguments; options alone go to the image's server."""
    words = process.argv[1:]
    if words[:1] and words[0].endswith("docker-entrypoint.sh"):
        words = words[1:]
    if not words or words[0].startswith("-"):
        name = process.container.image.reference.repository.rsplit("/", 1)[-1]
        words = [SERVERS.get(name, "sh"), *words]
    hand_over(process, words)


@program("apk", "apt", "apt-get", "yum", "pip", "npm")
async def no_network(process: "Process") -> int:
    """Say that there is no way out of the practice cluster."""
    name = applet(process)
    await process.err(
        {
            "apk": "fetch https://dl-cdn.alpinelinux.org/alpine/main/x86_64/APKINDEX.tar.gz\nWARNING: fetching failed: DNS lookup error\nERROR: unable to select packages\n",
        }.get(name, f"{name}: the practice cluster has no way to the internet: use an image that has what you need\n")
    )
    return 1 if name == "apk" else 100


@program("more", "less")
async def pager(process: "Process") -> int:
    """Print files."""
    failures: list[int] = []
    await process.write(
        1, await read_all(process, [word for word in process.argv[1:] if not word.startswith("-")], failures)
    )
    return 1 if failures else 0


@program("vi", "vim", "nano")
async def editor(process: "Process") -> int:
    """Say what to do instead."""
    await process.err(
        f"{applet(process)}: editors are not part of the simulated images: write files with cat > FILE <<EOF\n"
    )
    return 1


@program("envsubst")
async def envsubst(process: "Process") -> int:
    """Replace variables in a text by the environment's."""
    text = (await read_all(process, [], [])).decode("utf-8", "surrogateescape")
    only = re.findall(r"\$\{?(\w+)\}?", process.argv[1]) if len(process.argv) > 1 else None

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return match[0] if only is not None and name not in only else process.env.get(name, "")

    await process.out(re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, text))
    return 0


@program("sysctl")
async def sysctl(process: "Process") -> int:
    """Show kernel settings, as they stand in ``/proc/sys``."""
    options, names = await parse(process, "anNeqw")
    code = 0
    for word in settings(process.container.config.sysctls) if "a" in options else names:
        name, equals, _ = word.replace("/", ".").partition("=")
        try:
            value = process.files.read_file("/proc/sys/" + name.replace(".", "/")).decode().strip()
        except OSError:
            await process.err(f"sysctl: error: '{name}' is an unknown key\n")
            code = 1
            continue
        if equals:
            await process.err(f"sysctl: error setting key '{name}': Read-only file system\n")
            return 1
        shown = name if "N" in options else value if "n" in options else f"{name} = {value}"
        await process.out(f"{shown}\n")
    return code
