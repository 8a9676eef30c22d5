"""The prompt's shell and completion."""

import asyncio
import io
import threading
from pathlib import Path

import pytest

from k8s_tutor.client import Client
from k8s_tutor.kubectl.complete import complete
from k8s_tutor.kubectl.shellline import ShellLine
from tests.conftest import Server, ServerFactory


class Prompt:
    """A shell line session for a test."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.shell = ShellLine(folder, server.kubeconfig)

    async def __call__(self, text: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        code = await asyncio.to_thread(self.shell.run, text, out, err)
        return code, out.getvalue(), err.getvalue()


async def test_pipes_lists_and_substitution(server: ServerFactory, scratch: Path) -> None:
    prompt = Prompt(await server(), scratch)
    assert await prompt("kubectl get ns | grep -c kube-") == (0, "3\n", "")
    assert await prompt("kubectl get ns nope || echo missing") == (
        0,
        "missing\n",
        'Error from server (NotFound): namespaces "nope" not found\n',
    )
    assert await prompt('echo "$(kubectl get ns default -o name)!"') == (0, "namespace/default!\n", "")
    assert (await prompt("kubectl get ns nope; echo $?"))[1] == "1\n"


async def test_here_documents_and_files(server: ServerFactory, scratch: Path) -> None:
    prompt = Prompt(await server(), scratch)
    text = "cat > cm.yaml <<EOF\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm\nEOF\nkubectl apply -f cm.yaml"
    assert await prompt(text) == (0, "configmap/cm created\n", "")
    assert (scratch / "cm.yaml").exists()
    assert await prompt("cat cm.yaml | kubectl delete -f -") == (
        0,
        'configmap "cm" deleted from default namespace\n',
        "",
    )
    assert (await prompt("mkdir sub && cd sub"))[0] == 0
    assert prompt.shell.cwd.name == "sub"
    assert (await prompt("kubectl apply -f ../cm.yaml"))[1] == "configmap/cm created\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kubctl get pods", "bash: kubctl: command not found\nDid you mean: kubectl?\n"),
        ("лгиусед пуе зщвы", "bash: лгиусед: command not found\nDid you mean: kubectl?\n"),
        ("get pods", "bash: get: command not found\nDid you mean: kubectl get?\n"),
        ("decribe pod x | cat", "bash: decribe: command not found\nDid you mean: kubectl describe?\n"),
        ("frobnicate", "bash: frobnicate: command not found\n"),
        (
            "helm list",
            "bash: helm: command not found\nThis prompt has kubectl and text tools only; helm runs in another",
        ),
        ("curl localhost", "curl: this prompt reaches only the cluster's API: try it inside a container"),
        ("vim pod.yaml", "this prompt has no editor inside"),
    ],
)
async def test_a_command_that_is_not_there(server: ServerFactory, scratch: Path, line: str, words: str) -> None:
    _, _, err = await Prompt(await server(), scratch)(line)
    assert words in err


async def test_nothing_outside_the_folder_can_be_seen(server: ServerFactory, scratch: Path) -> None:
    secret = scratch.parent / "secret.txt"
    secret.write_text("secret")
    prompt = Prompt(await server(), scratch)
    for line in (f"cat {secret}", "cat ../secret.txt", f"ln -s {secret} link && cat link"):
        code, out, _ = await prompt(line)
        assert code != 0
        assert "secret" not in out
    await prompt(f"echo gone > {secret}")
    assert secret.read_text() == "secret"


async def test_a_watch_ends_when_it_is_cancelled(server: ServerFactory, scratch: Path) -> None:
    served = await server()
    prompt = Prompt(served, scratch)
    started = threading.Event()

    class Told(io.StringIO):
        def write(self, text: str) -> int:
            started.set()
            return super().write(text)

    out = Told()
    running = asyncio.create_task(asyncio.to_thread(prompt.shell.run, "kubectl get ns -w", out, io.StringIO()))
    await asyncio.to_thread(started.wait, 10)
    prompt.shell.cancel()
    assert await asyncio.wait_for(running, 10) == 130
    assert out.getvalue().startswith("NAME ")


async def test_completion_of_verbs_flags_kinds_and_names(server: ServerFactory) -> None:
    served = await server()
    with Client.from_kubeconfig(served.kubeconfig) as client:

        def ask(line: str) -> list[str]:
            return [one.text for one in complete(line, len(line), client)]

        def all_of() -> None:
            assert ask("kubectl des") == ["describe"]
            assert "rollout" in ask("kubectl ro")
            assert ask("kubectl rollout st") == ["status"]
            assert {"deployments", "deployment", "deploy"} <= set(ask("kubectl get dep"))
            assert ask("kubectl get ns kube-s") == ["kube-system"]
            assert ask("kubectl get ns/defa") == ["ns/default"]
            assert ask("kubectl get pods -n kube-p") == ["kube-public"]
            assert ask("kubectl get pods -o ya") == ["yaml"]
            assert ask("kubectl get --show-l") == ["--show-labels"]
            assert ask("kubectl create conf") == ["configmap"]
            assert ask("echo x | kubectl get ns defa") == ["default"]

        await asyncio.to_thread(all_of)


def test_completion_needs_no_cluster_for_words() -> None:
    assert [one.text for one in complete("kubectl appl", 12, None)] == ["apply"]
    assert complete("kubectl get po", 14, None) == []
