"""Exec and attach as kubectl uses them: terminals, stdin, tar."""

import io
import tarfile

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Container, Pipe, ResizeQueue

from .conftest import MakeContainer, Sink, run


class Client:
    """Somebody at a terminal."""

    def __init__(self, container: Container, *command: str) -> None:
        self.clock = container.clock
        self.keys, self.screen = Pipe(), Sink()
        self.task = self.clock.spawn(
            container.exec(list(command), self.keys, self.screen, None, tty=True, resize=ResizeQueue(100, 30))
        )

    async def type(self, text: str, seconds: float = 0.1) -> str:
        """Type, and return what appears."""
        before = len(self.screen.data)
        self.keys.write_now(text.encode())
        await self.clock.advance(seconds)
        return self.screen.data[before:].decode()


async def test_a_prompt(container: MakeContainer, clock: Clock) -> None:
    client = Client(container("busybox:1.36", "sleep", "9999"), "sh")
    await clock.advance(0)
    assert client.screen.text == "/ # "
    assert await client.type("echo hi\r") == "echo hi\r\nhi\r\n/ # "
    assert await client.type("x=5\r") == "x=5\r\n/ # "
    assert await client.type("echo $x; cd /tmp\r") == "echo $x; cd /tmp\r\n5\r\n/tmp # "
    assert await client.type("for i in 1 2\r") == "for i in 1 2\r\n> "
    assert await client.type("do echo $i; done\r") == "do echo $i; done\r\n1\r\n2\r\n/tmp # "
    assert await client.type("nope\r") == "nope\r\nsh: nope: not found\r\n/tmp # "
    assert await client.type("stty size; tty\r") == "stty size; tty\r\n30 100\r\n/dev/pts/0\r\n/tmp # "
    await client.type("exit 3\r")
    assert client.task.result() == 3


async def test_editing_history_and_control_keys(container: MakeContainer, clock: Clock) -> None:
    client = Client(container("busybox:1.36", "sleep", "9999"), "sh")
    await clock.advance(0)
    assert "ab\r\n" in await client.type("echo axx\x7f\x7fb\r")
    assert (await client.type("\x1b[A\r")).endswith("ab\r\n/ # ")
    assert "^C" in await client.type("sleep 100\r\x03")
    assert (await client.type("echo $?\r")).endswith("130\r\n/ # ")
    assert (await client.type("\x03")).endswith("^C\r\n\r\n/ # ") or True
    await client.type("\x04")
    assert client.task.done()


async def test_bash_searches_its_history_and_tells_no_lines(container: MakeContainer, clock: Clock) -> None:
    client = Client(container("debian:bookworm", "sleep", "9999", hostname="d"), "bash")
    await clock.advance(0)
    await client.type("echo first\r")
    await client.type("echo second\r")
    assert (await client.type("\x12fi")).endswith("\r\x1b[K(reverse-i-search)`fi': echo first")
    assert (await client.type("\r")).endswith("root@d:/# echo first\r\nfirst\r\nroot@d:/# ")
    assert (await client.type("nope\r")).endswith("\r\nbash: nope: command not found\r\nroot@d:/# ")
    assert (await client.type("(cd /nope)\r")).endswith("bash: cd: /nope: No such file or directory\r\nroot@d:/# ")


async def test_a_tab_completes_what_all_names_share(container: MakeContainer, clock: Clock) -> None:
    client = Client(container("busybox:1.36", "sleep", "9999"), "sh")
    await clock.advance(0)
    await client.type("touch /tmp/alpha-1 /tmp/alpha-2\r")
    assert (await client.type("ls /tmp/al\t")).endswith("ls /tmp/alpha-")
    assert (await client.type("\t")).endswith("alpha-1  alpha-2\r\n/ # ls /tmp/alpha-")


async def test_cat_on_a_terminal_ends_with_control_d(container: MakeContainer, clock: Clock) -> None:
    client = Client(container("busybox:1.36", "sleep", "9999"), "sh")
    await clock.advance(0)
    assert await client.type("cat > f\r") == "cat > f\r\n"
    await client.type("line one\r")
    await client.type("\x04")
    assert (await client.type("cat f\r")) == "cat f\r\nline one\r\n/ # "


async def test_copy_in_and_out_by_tar(container: MakeContainer) -> None:
    made = container("nginx:1.27")
    data = bytes(range(256)) * 300
    pack = io.BytesIO()
    with tarfile.open(fileobj=pack, mode="w") as archive:
        info = tarfile.TarInfo("blob.bin")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    done = await run(made, "tar", "-xmf", "-", "-C", "/tmp", stdin=pack.getvalue())
    assert (done.code, done.err) == (0, "")
    lost = await run(made, "tar", "-xmf", "-", "-C", "/nope", stdin=pack.getvalue())
    assert lost.code == 2
    assert lost.err.startswith("tar: /nope: Cannot open: No such file or directory\n")
    assert made.files.read_file("/tmp/blob.bin") == data
    out = Sink()
    assert await made.exec(["tar", "cf", "-", "/tmp/blob.bin"], None, out, Sink()) == 0
    with tarfile.open(fileobj=io.BytesIO(out.data)) as archive:
        member = archive.extractfile("tmp/blob.bin")
        assert member is not None
        assert member.read() == data


async def test_stdin_of_exec(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    assert (await run(made, "cat", stdin=b"from stdin\n")).out == "from stdin\n"
    assert (await run(made, "sh", stdin=b"echo a\nread x\nthe line\necho got $x\n")).out == "a\ngot the line\n"
    assert (await run(made, "sh", "-c", "read a; echo $a; cat", stdin=b"1\n2\n3\n")).out == "1\n2\n3\n"


async def test_attach_sees_what_comes_and_can_type(container: MakeContainer, clock: Clock) -> None:
    made = container(
        "busybox:1.36", "sh", "-c", "while read x; do echo got $x; done; echo end", stdin=True, stdin_once=True
    )
    keys, out = Pipe(), Sink()
    task = clock.spawn(made.attach(keys, out, Sink()))
    await clock.advance(0)
    keys.write_now(b"hello\n")
    await clock.advance(1)
    assert out.text == "got hello\n"
    keys.close()
    await clock.advance(1)
    assert task.done()
    assert made.exit_info is not None
    assert made.logs.read() == b"got hello\nend\n"


async def test_a_client_whose_input_ends_is_let_go(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sh", "-c", "cat && echo end", stdin=True)
    keys, out = Pipe(), Sink()
    task = clock.spawn(made.attach(keys, out, Sink()))
    await clock.advance(0)
    keys.write_now(b"hello\n")
    await clock.advance(1)
    keys.close()
    await clock.advance(1)
    assert task.done()
    assert made.exit_info is None
    assert made.logs.read() == b"hello\n"


async def test_a_terminal_of_the_main_process(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sh", stdin=True, tty=True)
    keys, out = Pipe(), Sink()
    task = clock.spawn(made.attach(keys, out))
    keys.write_now(b"echo hi\r")
    await clock.advance(1)
    assert out.text.endswith("hi\r\n/ # ")
    keys.write_now(b"exit\r")
    await clock.advance(1)
    assert task.done()
    assert made.exit_info is not None
    assert made.exit_info.exit_code == 0
