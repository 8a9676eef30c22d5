"""``stress`` and ``stress-ng``: workers that use CPU and memory, as rates and figures instead of real work."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.programs.options import size
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.running import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

FILL_BYTES_PER_SECOND = 2.5e9
SHORT = {"c": "cpu", "m": "vm", "t": "timeout", "i": "io", "d": "hdd", "v": "verbose", "q": "quiet"}


@program("stress", "stress-ng", memory=800 << 10)
async def stress(process: Process) -> int:
    """Run workers until the timeout, or for ever."""
    options = _options(process.argv[1:])
    if isinstance(options, str):
        await process.err(f"stress: FAIL: [{process.pid}] (243) {options}\n")
        return 1
    counts = {kind: int(options.get(kind, "0") or 0) for kind in ("cpu", "io", "vm", "hdd")}
    if not any(counts.values()):
        await process.err(
            "`stress' imposes certain types of compute stress on your system\n\nUsage: stress [OPTION [ARG]] ...\n"
        )
        return 0
    head = f"stress: info: [{process.pid}] "
    await process.out(
        f"{head}dispatching hogs: {counts['cpu']} cpu, {counts['io']} io, {counts['vm']} vm, {counts['hdd']} hdd\n"
    )
    limit = seconds(options["timeout"]) if "timeout" in options else None
    started = process.container.clock.now()
    amount = size(options.get("vm-bytes", "256M"))
    hang = options.get("vm-hang")
    workers = [_worker(process, _burn(1.0)) for _ in range(counts["cpu"])]
    workers += [_worker(process, _burn(0.2)) for _ in range(counts["io"] + counts["hdd"])]
    workers += [_worker(process, _fill(amount, hang)) for _ in range(counts["vm"])]
    return await _supervise(process, workers, limit, started)


def _options(words: list[str]) -> dict[str, str] | str:
    """Return options by long name, or what is wrong."""
    found: dict[str, str] = {}
    rest = list(words)
    flags = {"verbose", "quiet", "vm-keep", "dry-run", "help", "version"}
    known = {
        "cpu",
        "vm",
        "io",
        "hdd",
        "timeout",
        "vm-bytes",
        "vm-hang",
        "vm-stride",
        "hdd-bytes",
        "backoff",
        "cpu-load",
        "metrics-brief",
    }
    while rest:
        word = rest.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("--") and word.startswith("-"):
            name, value = SHORT.get(word[1:2], word[1:]), word[2:]
            equals = value
        if name in flags:
            continue
        if name not in known:
            return f"unrecognized option: {word}"
        if not equals:
            if not rest:
                return f"missing argument to option '{word}'"
            value = rest.pop(0)
        found[name] = value
    return found


def _worker(parent: Process, work: "Callable[[Process], object]") -> Process:
    child = Process(parent.container, list(parent.argv), parent.env, parent.cwd, parent=parent)
    child.inherit(parent)
    child.memory_base = 300 << 10
    parent.container.cgroup.set_memory(child, child.memory_base)
    if child.alive:
        child.run(work(child))  # type: ignore[arg-type]
    return child


def _burn(cores: float) -> "Callable[[Process], object]":
    async def work(process: Process) -> int:
        process.container.cgroup.set_load(process, cores)
        await process.forever()
        return 0

    return work


def _fill(amount: int, hang: str | None) -> "Callable[[Process], object]":
    """Touch memory page by page, then hold it (with --vm-hang) or free and take it again, busily."""

    async def work(process: Process) -> int:
        group = process.container.cgroup
        if hang is None:
            group.set_load(process, 1.0)
        step = max(amount // 10, 1 << 20)
        held = 0
        while held < amount:
            held = min(amount, held + step)
            await process.sleep(step / FILL_BYTES_PER_SECOND)
            await process.allocate(held)
        await process.forever()
        return 0

    return work


async def _supervise(process: Process, workers: list[Process], limit: float | None, started: float) -> int:
    head = f"stress: info: [{process.pid}] "
    clock = process.container.clock

    def expire() -> None:
        for worker in workers:
            worker.terminate(signals.SIGTERM)

    timer = clock.call_later(limit, expire) if limit is not None else None
    failed = False
    for worker in workers:
        await process.pause(worker.wait())
        expired = limit is not None and clock.now() - started >= limit
        if not expired:
            failed = True
            number = worker.signal_number
            await process.err(f"stress: FAIL: [{process.pid}] (415) <-- worker {worker.pid} got signal {number}\n")
            for other in workers:
                other.terminate(signals.SIGKILL)
            break
    if timer is not None:
        timer.cancel()
    elapsed = int(clock.now() - started)
    if failed:
        await process.err(
            f"stress: WARN: [{process.pid}] (417) now reaping child worker processes\n"
            f"stress: FAIL: [{process.pid}] (451) failed run completed in {elapsed}s\n"
        )
        return 1
    await process.out(f"{head}successful run completed in {elapsed}s\n")
    return 0
