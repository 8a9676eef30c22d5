"""A learner's way through whole lessons: the real app, the real API, the prompt, the check marks."""

from k8s_tutor.course import Course
from k8s_tutor.tui.app import TutorApp
from tests.tui.conftest import Play, Played


async def solve(played: Played) -> None:
    """Do the first solution of the current exercise as a learner would, and wait for its marks."""
    talk = played.app.talk
    assert talk is not None
    exercise = talk.session.exercise
    assert exercise is not None
    await played.until(lambda: talk.session.started == exercise.full_id, f"the start of {exercise.full_id}")
    assert not all(check.result.passed for check in talk.session.checks())
    for step in exercise.solutions[0].steps:
        if step.run:
            await played.type(step.run)
        elif step.apply is not None:
            text = step.apply.read_text(encoding="utf-8")
            (talk.session.workdir / step.apply.name).write_text(text, encoding="utf-8")
            await played.type(f"kubectl apply -f {step.apply.name}")
        elif step.answer:
            await played.type(f"answer {step.answer} {step.value}")
    await played.until(lambda: all(c.result.passed for c in talk.session.checks()), f"solving {exercise.full_id}")


async def test_the_welcome_from_the_first_screen_to_the_last_check(playing_app: TutorApp, play: Play) -> None:
    async with playing_app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        talk = playing_app.talk
        assert talk is not None
        solved = 0
        while True:
            if talk.session.screen.exercise:
                await solve(played)
                solved += 1
            before = talk.session.place
            await pilot.press("ctrl+n")
            await pilot.pause()
            if talk.session.place.lesson != "welcome" or talk.session.place == before:
                break
        assert solved == len(Course.builtin().exercises("welcome"))
        assert "Solved" in played.terminal()


async def test_another_client_turns_the_marks_as_well(playing_app: TutorApp, play: Play) -> None:
    async with playing_app.run_test(size=(120, 40)) as pilot:
        played = await play(pilot)
        talk = playing_app.talk
        assert talk is not None
        await pilot.press("ctrl+n")
        await played.until(lambda: bool(talk.session.started), "the start")
        from k8s_tutor.client import Client

        with Client.from_kubeconfig(played.provider.kubeconfig()) as client:
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "hello"}}
            pod["spec"] = {"containers": [{"name": "c", "image": "nginx:1.27"}]}
            client.create("/api/v1/namespaces/welcome/pods", pod)
        await played.until(lambda: all(c.result.passed for c in talk.session.checks()), "the marks")
        await played.until(lambda: "hello" in str(playing_app.main.pictures["tree"].children[0].render()), "the tree")


async def test_a_command_can_be_stopped_and_a_hint_taken(playing_app: TutorApp, play: Play) -> None:
    async with playing_app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        talk = playing_app.talk
        assert talk is not None
        await pilot.press("ctrl+n")
        await played.until(lambda: bool(talk.session.started), "the start")
        await pilot.press("f8")
        await played.until(lambda: "Hint 1" in played.terminal(), "the hint")
        prompt = playing_app.main.terminal.prompt
        prompt.value = "kubectl get pods -w"
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert talk.commands.running
        await pilot.press("ctrl+c")
        await played.until(lambda: not talk.commands.running, "the end of -w")
        await played.type("kubectl get nonsense")
        assert "the server doesn't have a resource type" in played.terminal()
