"""agnhost's subcommands do what the real ones do."""

import json

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.network import Tls
from k8s_tutor.sim.runtime import Container, Mount, Volume

from .conftest import MakeContainer, run

IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"


async def get(made: Container, path: str, port: int = 8080) -> tuple[int, str]:
    clock = made.clock
    task = clock.spawn(made.runtime.network.http(None, "GET", f"http://{made.config.pod_ip}:{port}{path}"))
    await clock.advance(20)
    response = await task
    return response.status, response.text


async def test_netexec_tells_and_dials(container: MakeContainer) -> None:
    server = container(IMAGE, "/agnhost", "netexec", "--http-port=8080", "--udp-port", "8081", hostname="web-0")
    await server.clock.advance(0)
    assert await get(server, "/hostname") == (200, "web-0")
    assert (await get(server, "/clientip"))[1].startswith("10.244.0.1:")
    assert await get(server, "/echo?msg=a%20b&code=418") == (418, "a b")
    assert await get(server, "/healthz") == (200, "")
    assert await get(server, "/envvar?var=NOPE") == (500, 'env var "NOPE" is not set\n')
    shell = json.loads((await get(server, "/shell?cmd=echo+out;echo+err+%3E%262;exit+3"))[1])
    assert shell == {"output": "out\nerr\n", "error": "exit status 3"}
    other = container(IMAGE, "/agnhost", "netexec")
    await other.clock.advance(0)
    there = server.config.pod_ip
    for protocol, port in (("http", 8080), ("udp", 8081)):
        dialled = await get(other, f"/dial?host={there}&port={port}&request=hostname&protocol={protocol}&tries=2")
        assert json.loads(dialled[1]) == {"responses": ["web-0", "web-0"]}
    lost = json.loads((await get(other, f"/dial?host={there}&port=9&request=x&protocol=udp"))[1])
    assert lost["errors"][0].startswith("reading from udp connection failed. err:'read udp ")
    assert "connection refused" in lost["errors"][0]
    said = await run(other, "sh", "-c", f"echo clientip | nc -u -w 1 {there} 8081")
    assert said.out.startswith(other.config.pod_ip + ":")


async def test_netexec_leaves_with_a_code_or_after_a_delay(container: MakeContainer, clock: Clock) -> None:
    server = container(IMAGE, "/agnhost", "netexec", "--delay-shutdown=10")
    await clock.advance(0)
    server.signal(15)
    assert await get(server, "/readyz") == (503, "shutting down")
    assert server.exit_info is not None
    assert server.exit_info.exit_code == 0
    quick = container(IMAGE, "/agnhost", "netexec")
    await clock.advance(0)
    await get(quick, "/exit?code=7")
    assert quick.exit_info is not None
    assert quick.exit_info.exit_code == 7


async def test_mounttest_tells_of_modes_and_contents(container: MakeContainer) -> None:
    volume = Volume(mode=0o1777)
    tester = container(IMAGE, "/agnhost", "pause", mounts=[Mount("/v", volume)])
    told = await run(
        tester,
        "/agnhost",
        "mounttest",
        "--file_mode=/v",
        "--new_file_0660=/v/f",
        "--file_perm=/v/f",
        "--file_owner=/v/f",
    )
    assert told.out == (
        'content of file "/v/f": mount-tester new file\n\n'
        'mode of file "/v": dtrwxrwxrwx\n'
        'perms of file "/v/f": -rw-rw----\n'
        'owner UID of "/v/f": 0\nowner GID of "/v/f": 0\n'
    )
    missing = await run(tester, "/agnhost", "mounttest", "--file_content=/v/none")
    assert (missing.code, missing.out) == (
        1,
        'error reading file content for "/v/none": open /v/none: no such file or directory\n',
    )


async def test_connect_says_why_not(container: MakeContainer) -> None:
    server = container(IMAGE, "/agnhost", "serve-hostname", "--http=false", "--tcp", "--udp", "--port=9")
    client = container(IMAGE, "/agnhost", "pause")
    there = server.config.pod_ip
    assert (await run(client, "/agnhost", "connect", f"{there}:9")).code == 0
    assert (await run(client, "/agnhost", "connect", "--protocol=udp", f"{there}:9")).code == 0
    assert (await run(client, "/agnhost", "connect", f"{there}:10")).err == "REFUSED\n"
    assert (await run(client, "/agnhost", "connect", "--timeout=1s", "10.244.99.9:10")).err == "TIMEOUT\n"
    assert (await run(client, "/agnhost", "connect", "nobody:10")).err.startswith("DNS: ")
    assert (await run(client, "/agnhost", "connect", "--protocol=udp", f"{there}:10")).err.startswith("REFUSED: ")


async def test_porter_serves_texts_and_tls(container: MakeContainer) -> None:
    env = {"SERVE_PORT_80": "<a href='/x'>y</a>", "SERVE_TLS_PORT_443": "secret", "SERVE_UDP_PORT_53": "datagram"}
    server = container(IMAGE, "/agnhost", "porter", env=env)
    await server.clock.advance(0)
    network, there = server.runtime.network, server.config.pod_ip
    page = await network.http(None, "GET", f"http://{there}/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    secure = await network.http(None, "GET", f"https://{there}/", tls=Tls())
    assert (secure.text, secure.headers["content-type"]) == ("secret", "text/plain; charset=utf-8")
    client = container("busybox:1.36", "sleep", "1d")
    assert (await run(client, "sh", "-c", f"echo x | nc -u -w 1 {there} 53")).out == "datagram"


async def test_pause_leaves_word_of_its_signal(container: MakeContainer, clock: Clock) -> None:
    paused = container(IMAGE)
    await clock.advance(0)
    paused.signal(15)
    await clock.advance(0)
    assert paused.logs.read() == b'Paused\nSignals registered\nexiting because of signal "terminated"\n'
    assert paused.termination_message() == 'exiting because of signal "terminated"\n'
    assert paused.exit_info is not None
    assert paused.exit_info.exit_code == 2


async def test_unknown_words_are_refused(container: MakeContainer) -> None:
    some = container(IMAGE, "/agnhost", "pause")
    wrong = await run(some, "/agnhost", "nettest2")
    assert (wrong.code, wrong.err) == (
        1,
        'Error: unknown command "nettest2" for "app"\nRun \'app --help\' for usage.\n',
    )
    assert (await run(some, "/agnhost", "pause", "--nope")).err.startswith("Error: unknown flag: --nope\n")
    tester = await run(some, "/agnhost-2", "entrypoint-tester", "a", "b c")
    assert tester.out == "[/agnhost-2 entrypoint-tester a b c]\n"


async def test_the_images_own_certificate_is_served_until_it_is_moved(container: MakeContainer) -> None:
    server = container(IMAGE, "/agnhost", "test-webserver")
    await server.clock.advance(0)
    status, text = await get(server, "/localhost.crt", 80)
    assert status == 200
    assert text.startswith("-----BEGIN CERTIFICATE-----")
    assert (await run(server, "mv", "/localhost.crt", "/tmp/")).code == 0
    assert (await get(server, "/localhost.crt", 80))[0] == 404


async def test_a_go_program_as_pid_1_ends_with_2_when_told_to(container: MakeContainer) -> None:
    server = container(IMAGE, "/agnhost", "test-webserver")
    await server.clock.advance(0)
    server.signal(15)
    await server.clock.advance(0)
    assert server.exit_info is not None
    assert server.exit_info.exit_code == 2
