"""Our kubectl against a cluster that is served in this process."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from k8s_tutor.kubectl import run
from tests.conftest import Output, Server

Ours = Callable[..., Awaitable[Output]]


@pytest.fixture
def ours(tmp_path: Path) -> Ours:
    """Run our kubectl as the fixture ``kubectl`` runs the real one."""

    async def call(server: Server, *words: str, stdin: str = "") -> Output:
        out, err = io.StringIO(), io.StringIO()
        code = await asyncio.to_thread(
            run,
            words,
            kubeconfig=server.kubeconfig,
            stdin=io.StringIO(stdin),
            stdout=out,
            stderr=err,
            cwd=tmp_path,
            env={"EDITOR": "true"},
        )
        return Output(out.getvalue(), err.getvalue(), code)

    return call
