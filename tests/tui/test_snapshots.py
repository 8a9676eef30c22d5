"""Pictures of the main screens, at both sizes and in both languages, from a small pack and fixed objects.

After a change that is meant: ``pytest tests/tui/test_snapshots.py --snapshot-update``, and look at what changed.
"""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course import Course
from k8s_tutor.session import CheckState, Session
from k8s_tutor.tui import pictures
from k8s_tutor.tui.app import TutorApp
from k8s_tutor.tui.pictures.task import task_text
from k8s_tutor.tui.screens.editor import EditorScreen
from k8s_tutor.tui.texts import say
from tests.packs import write_pack
from tests.tui.test_pictures import pod

SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
VIEWS = ("lesson", "task", "tree", "nodes", "rollout", "events", "lessons", "help", "pager", "editor")
NOW = 1_800_000_000.0
OUTPUT = "NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5s\n"
PULL = (
    'Failed: Failed to pull image "nginx:9.99": rpc error: code = NotFound desc = failed to pull and unpack image '
    '"docker.io/library/nginx:9.99": failed to resolve reference "docker.io/library/nginx:9.99": '
    "docker.io/library/nginx:9.99: not found"
)


def fill(app: TutorApp, language: str) -> None:
    """Put fixed objects where the cluster's would be drawn."""
    main = app.main

    def words(key: str) -> str:
        return say(language, key)

    owner: dict[str, Any] = {"ownerReferences": [{"uid": "D", "controller": True}]}
    deployment: dict[str, Any] = {
        "metadata": {"name": "web", "namespace": "default", "uid": "D"},
        "spec": {"replicas": 3},
    }

    def replica_set(uid: str, revision: str, image: str) -> dict[str, Any]:
        note: dict[str, Any] = {"deployment.kubernetes.io/revision": revision}
        meta: dict[str, Any] = {"name": f"web-{uid}", "namespace": "default", "uid": uid, "annotations": note, **owner}
        template = {"spec": {"containers": [{"name": "c", "image": image}]}}
        return {"metadata": meta, "spec": {"replicas": 2, "template": template}}

    sets = [replica_set("old", "1", "nginx:1.27"), replica_set("new", "2", "nginx:1.28")]
    pods = [pod("web-old-a", owner="old"), pod("web-new-a", owner="new"), pod("web-new-b", owner="new", ready=False)]
    node = {
        "metadata": {"name": "node1"},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
    happened = {
        "metadata": {"namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "web-new-b"},
        "lastTimestamp": "2027-01-15T07:59:55Z",
        "type": "Warning",
        "reason": "Failed",
        "message": PULL,
    }
    objects = {"namespaces": [{"metadata": {"name": "default"}}], "deployments": [deployment], "replicasets": sets}
    main.pictures["tree"].draw(pictures.tree({**objects, "pods": pods}, words, first="default"))
    main.pictures["nodes"].draw(pictures.nodes([node], pods, 76 if not main.is_wide else 42, words))
    main.pictures["rollout"].draw(pictures.rollouts([deployment], sets, pods, words, "default"))
    main.pictures["events"].draw(pictures.events([happened], NOW, words))
    exercise = Course(app_course(app)).exercise("settings/color")
    results = (
        CheckResult(State.PASSED),
        CheckResult(
            State.FAILED,
            differences=(Difference("data.color", "blue", "red"), Difference("data.size", "1", "nothing")),
            causes=(PULL,),
            next="kubectl describe pod web",
            learn="settings#try",
        ),
    )
    checks = [CheckState(check, result) for check, result in zip(exercise.checks, results, strict=True)]
    main.checks_label = "✓1/2"
    title, goal = exercise.title.get(language), exercise.goal.get(language)
    main.task_pane.draw(task_text(title, goal, "", checks, words, language, started=True))
    main.terminal.begin("kubectl get pods")
    main.terminal.feed(OUTPUT)
    main.lay_out()


def app_course(app: TutorApp) -> Path:
    """Return the root of the app's pack."""
    assert app.talk is not None
    return app.talk.session.course.root


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
def test_screen(snap_compare: Any, home: Path, tmp_path: Path, view: str, size: str, language: str) -> None:
    pack = write_pack(tmp_path / "pack")
    file = tmp_path / "pod.yaml"
    file.write_text("apiVersion: v1\nkind: Pod\n\tmetadata:\n")
    app = TutorApp(lambda: (Session.open(Course(pack), language=language), None), language=language, connect=False)

    async def prepare(pilot: Pilot[Any]) -> None:
        while app.talk is None or not str(app.main.task_pane.children[0].render()):
            await pilot.pause(0.02)
        await pilot.pause(0.05)  # drawing the place ends with the task: nothing draws over us from here on
        fill(app, language)
        if view in ("lesson", "task", *app.main.pictures):
            app.main.show_view(view)
        elif view == "editor":
            app.push_screen(EditorScreen(file, language))
            await pilot.pause()
            app.screen.query_one(TextArea).cursor_blink = False
        else:
            getattr(app, f"action_{view}")()
        for _ in range(3):  # layout, then what the layout asks for, then its painting
            await pilot.pause(0.05)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=prepare)
