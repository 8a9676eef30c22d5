"""Live reload: shown at once, and after a change; a broken pack is shown as its problem."""

import queue
import threading
from pathlib import Path

from k8s_tutor.author import Report, preview
from k8s_tutor.course import Course
from tests.packs import write_pack

Shown = tuple[Course | None, Report]


def test_reloads_on_change(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    shown: queue.Queue[Shown] = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(target=preview, args=(root, lambda *found: shown.put(found), stop), daemon=True)
    thread.start()
    try:
        course, report = shown.get(timeout=20)
        assert course is not None
        assert report.good
        # The watcher needs a moment to stand before a change can be seen: the change is repeated until it is.
        for attempt in range(100):
            (root / "course.yaml").write_text(f"id: small\n# {attempt}\nlessons: [\n")
            try:
                course, report = shown.get(timeout=0.3)
                break
            except queue.Empty:
                continue
        assert course is None
        assert "course.yaml" in report.render()
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()
