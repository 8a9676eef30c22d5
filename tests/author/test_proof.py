"""Every exercise is proved: untouched it fails, solutions pass, mistakes fail exactly as they say; a liar turns it red."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.author import Report, check_pack
from k8s_tutor.playground import Playground
from k8s_tutor.providers.kinds.practice import PracticeProvider
from tests.packs import CHECKS, CHECKS_FILE, EXERCISE, EXERCISE_FILE, replace_in, write_pack


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """A practice cluster of its own, for all tests here: each case restores the fresh one."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE", "CACHE", "CONFIG"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        provider = PracticeProvider(nodes=1, bare=True, start_latency=False)
        try:
            with Playground(provider, home) as made:
                yield made
        finally:
            provider.stop()


def played(root: Path, playground: Playground) -> Report:
    return check_pack(root, playground)


def cases(report: Report) -> dict[str, list[str]]:
    return {f"{case.sort} {case.name}".strip(): [problem.text for problem in case.problems] for case in report.cases}


def test_good_exercise_is_green_and_each_case_is_told(tmp_path: Path, playground: Playground) -> None:
    told: list[str] = []
    report = check_pack(write_pack(tmp_path), playground, tell=lambda case: told.append(f"{case.sort} {case.name}"))
    assert report.good, report.render()
    assert told == ["start ", "solution command", "solution manifest", "mistake red", "mistake other-name"]
    assert report.render().endswith("5 cases, 0 failed; 0 errors, 0 warnings.")


def test_untouched_start_that_passes(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "  - file: paint.yaml", "  - apply: paint.yaml")
    replace_in(
        root, EXERCISE_FILE, "kubectl create configmap paint --from-literal=color=blue", "kubectl get configmap paint"
    )
    report = played(root, playground)
    assert not report.good
    assert cases(report)["start"] == ["the untouched start passes: there is nothing to do"]
    assert cases(report)["solution command"] == []


def test_solution_that_fails_and_one_whose_command_is_wrong(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path, {EXERCISE_FILE: EXERCISE.replace("settle", "")})
    replace_in(root, EXERCISE_FILE, "paint --from-literal=color=blue", "paint --from-literal=color=green")
    replace_in(root, EXERCISE_FILE, "- apply: paint.yaml", "- kubectl create configmap")
    found = cases(played(root, playground))
    assert found["solution command"] == ["the check blue is failed: data.color: expected blue, found green"]
    assert found["solution manifest"][0].startswith("the step «kubectl create configmap» ended with 1: ")


def test_mistake_that_passes_fails_elsewhere_or_says_nothing(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path)
    replace_in(
        root, EXERCISE_FILE, "paint --from-literal=color=red", "paint --from-literal=color=blue --from-literal=a=b"
    )
    replace_in(root, EXERCISE_FILE, "fails: [exists]", "fails: [blue]")
    found = cases(played(root, playground))
    assert found["mistake red"] == ["the check blue should fail and is passed"]
    assert found["mistake other-name"][0] == "the check blue should fail and is blocked"
    assert found["mistake other-name"][1].startswith("the check exists fails and is not named in fails: ")


def test_mistake_whose_failure_does_not_name_the_cause(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "says: red", "says: crimson")
    found = cases(played(root, playground))
    assert found["mistake red"] == ["no failure says 'crimson': data.color: expected blue, found red"]


def test_refusal_may_be_meant(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path)
    replace_in(
        root,
        EXERCISE_FILE,
        "      - kubectl create configmap pain --from-literal=color=blue\n",
        "      - {run: kubectl create configmap PAIN, fails: true}\n",
    )
    replace_in(root, EXERCISE_FILE, "    says: pain\n", "")
    report = played(root, playground)
    assert report.good, report.render()


def test_missing_capability_is_told(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "start:", "needs: [moon]\nstart:")
    assert cases(played(root, playground))["start"] == ["needs moon, which this provider has not"]


def test_time_passes_for_pods_and_waiting_commands(tmp_path: Path, playground: Playground) -> None:
    """A pod that needs 20 s to be ready, a command that waits for it, and a history over both."""
    checks = """\
color:
  - id: ready
    kind: match
    title: {en: a, ru: a}
    message: {en: a, ru: a}
    learn: try
    spec:
      object: {kind: Pod, name: paint}
      any: {status: {conditions: [{type: Ready, status: "True"}]}}
  - id: slow
    kind: history
    title: {en: a, ru: a}
    message: {en: a, ru: a}
    learn: try
    spec:
      object: {kind: Pod, name: paint}
      eventually: {status: {phase: Running, conditions: [{type: Ready, status: "False"}]}}
      for: 15s
"""
    pod = """\
apiVersion: v1
kind: Pod
metadata: {name: paint}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: web, image: "nginx:1.27", readinessProbe: {httpGet: {port: 80}, initialDelaySeconds: 20}}
"""
    root = write_pack(tmp_path, {CHECKS_FILE: checks, "manifests/01-settings/paint.yaml": pod, "manifests/01-settings/quick.yaml": pod.replace(", initialDelaySeconds: 20", "")})  # fmt: skip
    exercise = EXERCISE.replace("      - kubectl create configmap paint --from-literal=color=blue\n", "      - apply: paint.yaml\n      - kubectl wait --for=condition=Ready pod/paint --timeout=60s\n")  # fmt: skip
    exercise = exercise.replace("kubectl create configmap paint --from-literal=color=red", "kubectl run paint --image=nginx:1.27").replace("fails: [blue]\n    says: red", "fails: [slow]")  # fmt: skip
    exercise = exercise.replace("kubectl create configmap pain --from-literal=color=blue", "kubectl run pain --image=nginx:1.27").replace("fails: [exists]", "fails: [ready, slow]")  # fmt: skip
    (root / EXERCISE_FILE).write_text(exercise.replace(", check: blue", ""), encoding="utf-8")
    report = played(root, playground)
    assert report.good, report.render()
    assert sum(case.seconds for case in report.cases) < 60


def test_lint_errors_keep_an_exercise_from_being_played(tmp_path: Path, playground: Playground) -> None:
    root = write_pack(tmp_path, {CHECKS_FILE: CHECKS.replace("kind: match", "kind: macth", 1)})
    report = played(root, playground)
    assert report.cases == []
    assert not report.good
