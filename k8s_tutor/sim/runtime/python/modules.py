"""Modules that the walked program can import: time, os, sys, socket, random, datetime, math, json."""

import datetime
import json
import math
import random
from typing import Any

from k8s_tutor.sim.runtime.python.builtins import leave
from k8s_tutor.sim.runtime.python.machine import Machine
from k8s_tutor.sim.runtime.python.values import Module


def modules(machine: Machine) -> dict[str, Module]:
    """Return what can be imported, by name."""
    process = machine.process
    clock = process.container.clock
    chance = random.Random(process.pid)

    def now(*_: Any) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(clock.now(), datetime.UTC).replace(tzinfo=None)

    date = Module("datetime", {"now": now, "utcnow": now})
    return {
        "time": Module(
            "time",
            {
                "sleep": process.sleep,
                "time": clock.now,
                "monotonic": clock.now,
                "perf_counter": clock.now,
                "strftime": lambda pattern: now().strftime(pattern),
                "ctime": lambda: now().ctime(),
            },
        ),
        "os": Module(
            "os",
            {
                "environ": dict(process.env),
                "getenv": process.env.get,
                "getpid": lambda: process.pid,
                "getcwd": lambda: process.cwd,
                "_exit": leave,
                "cpu_count": lambda: 4,
                "listdir": lambda path=".": [name for name, _ in process.files.list(path, process.cwd)],
                "uname": lambda: ("Linux", process.container.hostname),
            },
        ),
        "sys": Module(
            "sys",
            {
                "exit": leave,
                "argv": machine.argv,
                "stdout": Module("stdout", {"flush": lambda: None, "write": lambda text: process.say(str(text))}),
                "stderr": "stderr",
                "version": process.container.image.version,
            },
        ),
        "socket": Module("socket", {"gethostname": lambda: process.container.hostname}),
        "random": Module(
            "random",
            {
                "random": chance.random,
                "randint": chance.randint,
                "choice": chance.choice,
                "uniform": chance.uniform,
            },
        ),
        "datetime": Module("datetime", {"datetime": date}),
        "math": Module(
            "math",
            {name: getattr(math, name) for name in ("sqrt", "pi", "e", "floor", "ceil", "sin", "cos", "log", "gcd")},
        ),
        "json": Module("json", {"dumps": json.dumps, "loads": json.loads}),
    }
