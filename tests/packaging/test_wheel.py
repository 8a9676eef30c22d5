"""The wheel: what is in it, what it asks for, and that it works from any folder of a machine without our checkout."""

import ast
import email
import os
import shlex
import site
import subprocess
import sys
import zipfile
from collections.abc import Callable
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COURSE = ("course.yaml", "lessons", "manifests", "checks")
POD = """apiVersion: v1
kind: Pod
metadata: {name: my-pod, labels: {app: test}}
spec:
  containers:
  - {name: web, image: 'nginx:1.14', ports: [{containerPort: 80}]}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path, names: set[str]) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in names if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def files(folder: Path) -> set[str]:
    return {
        str(file.relative_to(ROOT))
        for file in ([folder] if folder.is_file() else folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_it_carries_the_whole_package_and_course_and_nothing_else(names: set[str]) -> None:
    package = files(ROOT / "k8s_tutor")
    course = {f"k8s_tutor/_course/{name}" for part in COURSE for name in files(ROOT / part)}
    assert {name for name in names if ".dist-info/" not in name} == package | course
    assert {"k8s_tutor/py.typed", "k8s_tutor/_course/course.yaml"} <= names
    for suffix in (".tcss", ".schema.json", ".json.z"):
        assert any(name.endswith(suffix) for name in names)


def test_it_asks_for_exactly_what_is_imported(metadata: Message) -> None:
    imported: set[str] = set()
    for file in (ROOT / "k8s_tutor").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    known = packages_distributions()
    outside = imported - set(sys.stdlib_module_names) - {"k8s_tutor", "_typeshed"}
    needed = {known[name][0].lower().replace("_", "-") for name in outside}
    asked = metadata.get_all("Requires-Dist") or []
    always = {line.partition(">")[0].strip().lower() for line in asked if "extra ==" not in line}
    # The official client's modules are imported by name (docs/decisions/0003), uvloop only where it is there.
    assert always == needed - {"uvloop"} | {"kubernetes"}
    assert metadata["Requires-Python"] == ">=3.11"


def test_pipx_and_uvx_find_the_command_by_the_package_s_name(wheel: Path, names: set[str], metadata: Message) -> None:
    with zipfile.ZipFile(wheel) as archive:
        scripts = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert f"{metadata['Name']} = k8s_tutor.__main__:main" in scripts
    assert wheel.name.endswith("-py3-none-any.whl")


Run = Callable[..., str]


def environment(tmp_path: Path) -> dict[str, str]:
    """A person's surroundings without anything of ours."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", "NO_COLOR": "1"}


def runner(program: Path, tmp_path: Path) -> Run:
    folder = tmp_path / "some folder"
    folder.mkdir()

    def run(*words: str, stdin: str = "", code: int = 0, kubeconfig: str = "") -> str:
        own = {"KUBECONFIG": kubeconfig} if kubeconfig else {}
        done = subprocess.run(
            [program, *words],
            input=stdin,
            cwd=folder,
            env=environment(tmp_path) | own,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def fresh(folder: Path) -> Path:
    """Make an environment without anything in it; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Run:
    """Install the wheel in a fresh environment; its dependencies are those of this one, our checkout is not seen."""
    python = fresh(tmp_path / "env")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    answer = subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True)
    Path(answer.strip(), "dependencies.pth").write_text(site.getsitepackages()[0] + os.linesep)
    return runner(python.with_name("k8s-tutor"), tmp_path)


def test_installed_it_works_from_any_folder(installed: Run) -> None:
    assert installed("--version").split()[-1] == "0.1.0"
    assert "02-pods" in installed("list")
    installed("dev", "check", "--lint")
    try:
        assert "https://127.0.0.1:" in installed("cluster", "start", "--no-start-latency")
        installed("reset", "pods/first-manifest")
        assert "my-pod" in installed("check", "pods/first-manifest", code=5)
        file = shlex.split(installed("env", "--shell", "sh"))[1].removeprefix("KUBECONFIG=")
        assert installed("kubectl", "apply", "-f", "-", stdin=POD, kubeconfig=file) == "pod/my-pod created\n"
        installed("kubectl", "wait", "pod/my-pod", "--for=condition=Ready", "--timeout=30s", kubeconfig=file)
        installed("check", "pods/first-manifest")
    finally:
        installed("cluster", "stop")


@pytest.mark.skipif(
    not os.environ.get("K8S_TUTOR_SKIP_NOTHING"), reason="installs all dependencies: only where nothing is skipped"
)
@pytest.mark.timeout(600)
def test_with_its_own_dependencies_it_works_too(wheel: Path, tmp_path: Path) -> None:
    python = fresh(tmp_path / "env")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, str(wheel)], check=True)
    run = runner(python.with_name("k8s-tutor"), tmp_path)
    assert "02-pods" in run("list")
    run("dev", "check", "--lint")
    try:
        run("cluster", "start")
        assert "control-plane" in run("kubectl", "get", "nodes")
    finally:
        run("cluster", "stop")
