"""What learners do at the prompt beside typing it right at once: mistype, write files line by line, paste, come back."""

from textual import events

from k8s_tutor.providers import Provider
from tests.tui.conftest import Play, app_on

MANIFEST = """cat > my-pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: my-pod
  labels: {app: test}
spec:
  containers:
  - {name: nginx, image: "nginx:1.14", ports: [{containerPort: 80}]}
EOF"""


async def test_the_same_exercise_with_the_same_ticks_after_quitting_in_the_middle(
    provider: Provider, play: Play
) -> None:
    first = app_on(provider, "pods", "ru")
    async with first.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        await pilot.press("ctrl+n", "f3")
        await played.until(lambda: played.talk.session.started == "pods/first-manifest", "the start")
        await played.type("kubectl run my-pod --image=nginx:1.14 --labels=app=test")
        wanted = {"exists": "passed", "label": "passed", "port": "failed", "ready": "passed"}
        await played.until(lambda: played.marks() == wanted, "three marks of four")
        await pilot.press("ctrl+q")
    assert first.return_value == 0
    again = app_on(provider, language="ru")
    async with again.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        assert "Манифест   2/12" in str(again.main.head.render())
        await played.until(lambda: played.marks() == wanted, "the same marks")
        assert played.talk.session.started == "pods/first-manifest"
        assert "✓3/4" in again.main.checks_label
        prompt = again.main.terminal.prompt
        await pilot.press("up")
        assert prompt.value == "kubectl run my-pod --image=nginx:1.14 --labels=app=test"
        await pilot.press("ctrl+u")
        await played.type("kubectl delete pod my-pod --now")
        await played.until(lambda: played.marks()["exists"] == "failed", "the mark that goes")
        await played.type("kubectl run my-pod --image=nginx:1.14 --labels=app=test --port=80")
        await played.until(lambda: "Решено!" in played.terminal(), "the congratulation")
        await pilot.press("ctrl+q")


async def test_mistyped_and_then_right(provider: Provider, play: Play) -> None:
    app = app_on(provider, "pods")
    async with app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        await pilot.press("ctrl+n")
        await played.until(lambda: played.talk.session.started == "pods/first-manifest", "the start")
        for wrong, words in {
            "kubctl get pods": "Did you mean: kubectl?",
            "лгиусед пуе зщвы": "Did you mean: kubectl?",
            "get pods": "Did you mean: kubectl get?",
            "kubectl gte pods": "unknown command",
            "kubectl get pod my-pood": 'pods "my-pood" not found',
            "kubectl run my-pod --imge=nginx": "unknown flag: --imge",
            "kubectl apply -f my-pod.yml": 'the path "my-pod.yml" does not exist',
            "answer prot 2": "There is no question",
        }.items():
            await played.type(wrong)
            await played.until(lambda words=words: words in played.terminal(), words)  # type: ignore[misc]
            assert "passed" not in played.marks().values()
        await played.type("kubectl run my-pod --image=nginx:1.14 --labels=app=test --port=80")
        await played.until(lambda: set(played.marks().values()) == {"passed"}, "the marks")
        played.press("kubectl wait --for=condition=Ready pod/my-pod --timeout=5s && echo one")
        played.press("echo two > two.txt")
        played.press("kubectl get pods -o name | sed s/my/typed-ahead/")
        await played.until(lambda: "pod/typed-ahead-pod" in played.terminal(), "lines typed while another ran")
        assert (played.talk.session.workdir / "two.txt").read_text() == "two\n"
        await pilot.press("ctrl+q")


async def test_a_file_line_by_line_and_given_up_and_pasted(provider: Provider, play: Play) -> None:
    app = app_on(provider, "pods")
    async with app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        prompt, commands = app.main.terminal.prompt, played.talk.commands
        await pilot.press("ctrl+n")
        await played.until(lambda: played.talk.session.started == "pods/first-manifest", "the start")
        file = played.talk.session.workdir / "my-pod.yaml"
        await played.type("kubectl run my-pod --image=nginx \\")
        assert commands.begun
        await pilot.press("ctrl+c")
        assert not commands.begun
        assert app.is_running
        for line in MANIFEST.split("\n")[:-1]:
            played.press(line)
        await played.until(lambda: commands.begun == MANIFEST.removesuffix("\nEOF"), "the lines")
        assert not file.exists()
        played.press("EOF")
        await played.until(lambda: file.exists() and not commands.running, "the file")
        assert file.read_text() == MANIFEST.split("\n", 1)[1].removesuffix("EOF")
        app.post_message(events.Paste("$ kubectl apply \\\n    -f my-pod.yaml\n$ kubectl get pods\n"))
        await played.until(lambda: prompt.value == "kubectl get pods", "the paste")
        assert not commands.running
        await pilot.press("enter")
        await played.until(lambda: set(played.marks().values()) == {"passed"}, "the marks")
        assert "my-pod" in played.terminal().split("> kubectl get pods")[-1]
        await pilot.press("ctrl+q")
