"""Servers of the catalogue: what they answer, log, and need."""

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Catalogue, CatalogueError, Container, Mount, Runtime, Volume

from .conftest import MakeContainer, run


async def get(made: Container, path: str = "/", port: int = 80) -> tuple[int, str]:
    response = await made.runtime.network.http(None, "GET", f"http://{made.config.pod_ip}:{port}{path}", timeout=5)
    return response.status, response.text


async def test_nginx_serves_files_and_logs(container: MakeContainer) -> None:
    nginx = container("nginx:1.27")
    assert (await get(nginx))[1].startswith("<!DOCTYPE html>")
    assert (await get(nginx, "/nope"))[0] == 404
    assert '"GET /nope HTTP/1.1" 404 153 "-" "-" "-"' in nginx.logs.read().decode()
    done = await run(nginx, "sh", "-c", "echo changed > /usr/share/nginx/html/index.html; curl -s localhost; nginx -v")
    assert done.out.endswith("changed\n")
    assert done.err == "nginx version: nginx/1.27.5\n"
    missing = await run(nginx, "sh", "-c", "wget localhost; ping x; ps; curl -s nohost; echo $?")
    assert missing.err == "sh: 1: wget: not found\nsh: 1: ping: not found\nsh: 1: ps: not found\n"
    assert missing.out == "6\n"


async def test_nginx_configured_by_a_config_map(container: MakeContainer, clock: Clock) -> None:
    config = Volume()
    config.write(
        {
            "default.conf": b'server { listen 8080; location / { return 200 "hi from $hostname\\n"; } location /b/ { proxy_pass http://127.0.0.1:9/; } }'
        }
    )
    nginx = container("nginx:1.27", mounts=[Mount("/etc/nginx/conf.d", config)], hostname="web-1")
    assert await get(nginx, "/", 8080) == (200, "hi from web-1\n")
    assert (await get(nginx, "/b/x", 8080))[0] == 502
    config.write({"default.conf": b"server { listen 8080; location / { retur 200; } }"})
    broken = container("nginx:1.27", mounts=[Mount("/etc/nginx/conf.d", config)])
    await clock.advance(0)
    assert broken.exit_info is not None
    assert broken.exit_info.exit_code == 1
    assert 'nginx: [emerg] unknown directive "retur" in /etc/nginx/conf.d/default.conf:1' in broken.logs.read().decode()


async def test_the_lectures_model_server_warms_up(container: MakeContainer, clock: Clock) -> None:
    model = container("mikhailmar/online_inference:v2")
    assert (await get(model, "/healthz", 8000))[0] == 503
    await clock.advance(15)
    assert (await get(model, "/healthz", 8000))[0] == 200
    assert "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)" in model.logs.read().decode()
    assert (await get(container("mikhailmar/online_inference:v1"), "/healthz", 8000))[0] == 200
    mortal = container("mikhailmar/online_inference:v3")
    await clock.advance(61)
    assert mortal.exit_info is not None
    assert mortal.exit_info.exit_code == 1


async def test_images_of_the_lecture(container: MakeContainer, clock: Clock) -> None:
    hello = container("gcr.io/google-samples/node-hello:1.0", env={"DEMO_GREETING": "Hello from the environment"})
    assert await get(hello, "/", 8080) == (200, "Hello Kubernetes!")
    assert (await run(hello, "printenv", "DEMO_GREETING")).out == "Hello from the environment\n"
    for image in (
        "images.my-company.example/app:v4",
        "images.my-company.example/log-aggregator:v6",
        "mikhailmar/fastapi_example:v1",
        "nginx:1.14",
    ):
        made = container(image)
        await clock.advance(1)
        assert made.running, image
    cron = container("busybox", "/bin/sh", "-c", "date; echo Hello from the Kubernetes cluster")
    await clock.advance(1)
    assert cron.logs.read().decode().splitlines()[1] == "Hello from the Kubernetes cluster"


async def test_databases_ask_for_a_password(container: MakeContainer, clock: Clock) -> None:
    refused = container("postgres:16")
    await clock.advance(1)
    assert refused.exit_info is not None
    assert refused.exit_info.exit_code == 1
    assert (
        refused.logs.read()
        .decode()
        .startswith("Error: Database is uninitialized and superuser password is not specified.\n")
    )
    base = container("postgres:16", env={"POSTGRES_PASSWORD": "secret"})
    assert (await run(base, "pg_isready")).code == 2
    await clock.advance(3)
    assert (await run(base, "pg_isready")).out == "/var/run/postgresql:5432 - accepting connections\n"
    assert " 1\n(1 row)" in (await run(base, "psql", "-U", "postgres", "-c", "SELECT 1")).out


async def test_redis_keeps_values(container: MakeContainer) -> None:
    server = container("redis:7")
    other = container("redis:7", "sleep", "9999")
    assert (await run(server, "redis-cli", "ping")).out == "PONG\n"
    ask = ["redis-cli", "-h", server.config.pod_ip]
    assert (await run(other, *ask, "set", "color", "blue")).out == "OK\n"
    assert (await run(other, *ask, "get", "color")).out == "blue\n"
    assert (
        await run(other, "redis-cli", "ping")
    ).err == "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n"
    assert "Ready to accept connections tcp" in server.logs.read().decode()


async def test_python_and_http_echo_and_agnhost(container: MakeContainer, clock: Clock) -> None:
    web = container("python:3.12", "python", "-m", "http.server", "8000")
    loop = container(
        "python:3.12-slim",
        "python",
        "-u",
        "-c",
        "import time\nfor i in range(3):\n    print(f'step {i}', flush=True)\n    time.sleep(1)\nraise SystemExit(4)",
    )
    await clock.advance(5)
    assert "Directory listing for /" in (await get(web, "/", 8000))[1]
    assert loop.logs.read().decode().startswith("step 0\nstep 1\nstep 2\n")
    echo = container("hashicorp/http-echo:1.0", start=False, args=["-text=hello", "-listen=:5678"])
    echo.start()
    assert await get(echo, "/", 5678) == (200, "hello\n")
    netexec = container(
        "registry.k8s.io/e2e-test-images/agnhost:2.47", start=False, args=["netexec", "--http-port=8080"], hostname="n1"
    )
    netexec.start()
    assert await get(netexec, "/hostname", 8080) == (200, "n1")


async def test_load_is_seen_where_requests_are_made(container: MakeContainer, clock: Clock) -> None:
    server = container("registry.k8s.io/hpa-example")
    await clock.advance(20)
    assert server.usage().cpu_millicores < 10
    container("busybox", "sh", "-c", f"while sleep 0.1; do wget -q -O- http://{server.config.pod_ip}; done")
    await clock.advance(60)
    assert 300 < server.usage().cpu_millicores <= 1000


async def test_resolving_and_fetching_as_busybox(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    done = await run(
        made, "sh", "-c", "wget -qO- http://web; nslookup web; wget -T 1 http://10.9.9.9; nc -zv 127.0.0.1 80"
    )
    assert "wget: bad address 'web'\n" in done.err
    assert "wget: download timed out\n" in done.err
    assert "nc: 127.0.0.1 (127.0.0.1:80): Connection refused\n" in done.err
    assert "** server can't find web: NXDOMAIN" in done.out


def test_references_and_tags() -> None:
    catalogue = Catalogue.load()
    assert str(catalogue.image("nginx").reference) == "docker.io/library/nginx:latest"
    assert catalogue.image("docker.io/library/nginx:1.14").info.ports == (80,)
    with pytest.raises(CatalogueError, match=r"docker.io/library/nginx:9.99: not found"):
        catalogue.image("nginx:9.99")
    with pytest.raises(CatalogueError, match=r"add a profile for it to the pack's images/ folder"):
        catalogue.image("nobody/knows:1")
    with pytest.raises(CatalogueError, match="invalid reference format"):
        catalogue.image("NGINX")
    catalogue.add({"names": ["me/mine"], "cmd": ["/s"], "programs": {"/s": {"listen": [80]}}})
    assert catalogue.image("me/mine:v1").info.cmd == ("/s",)
    with pytest.raises(CatalogueError, match="unknown field colour"):
        catalogue.add({"names": ["x"], "colour": "blue"})


async def test_every_image_of_the_catalogue_starts(container: MakeContainer, runtime: Runtime, clock: Clock) -> None:
    tags = ("latest", "1.0", "v1", "2.0", "3.10", "v1.37.2", "8.0", "3.6.6-0")
    for name in runtime.catalogue.names():
        tag = next(tag for tag in tags if runtime.image_info(f"{name}:{tag}"))
        image = f"{name}:{tag}"
        env = {"POSTGRES_PASSWORD": "x", "MYSQL_ROOT_PASSWORD": "x"}
        command = [name.rsplit("/", 1)[-1]] if "kube-" in name or "etcd" in name else []
        made = container(image, *command, env=env, start=False)
        if made.command():
            made.start()
            await clock.advance(0)
            made.kill()


async def test_curls_image_takes_options_alone(container: MakeContainer, clock: Clock) -> None:
    lone = container("curlimages/curl:8.11.1", args=["-s", "-o", "/dev/null", "-w", "%{http_code}", "localhost"])
    shell = container("curlimages/curl:8.11.1", args=["sh", "-c", "id -un"])
    await clock.advance(1)
    assert lone.logs.read() == b"000"
    assert lone.exit_info is not None
    assert lone.exit_info.exit_code == 7
    assert shell.logs.read() == b"curl_user\n"


async def test_kube_proxy_answers_for_its_health(container: MakeContainer) -> None:
    proxy = container("registry.k8s.io/kube-proxy:v1.37.2", "/usr/local/bin/kube-proxy")
    assert '"lastUpdated": "' in (await get(proxy, "/healthz", 10256))[1]
    network, own = proxy.runtime.network, proxy.config.pod_ip
    assert (await network.http(own, "GET", "http://127.0.0.1:10249/proxyMode")).text == "iptables"
