"""``k8s-tutor dev new lesson``: a lesson that is complete and green, to be rewritten."""

import re
from pathlib import Path

from k8s_tutor.course.yamltext import read_one
from k8s_tutor.errors import RefusedError, UsageError

_NAME = re.compile(r"^(\d{2}-)?[a-z0-9]+(-[a-z0-9]+)*$")


def new_lesson(root: Path, folder: str) -> list[Path]:
    """Write a new lesson into a pack (and a pack around it where there is none); returns the files.

    Args:
        root: the pack's folder.
        folder: the lesson's folder, ``03-volumes``; without a number the next one is put in front.

    Raises:
        UsageError: not a name.
        RefusedError: the lesson is there already.
        PackError: the pack's ``course.yaml`` is broken.
    """
    if not _NAME.match(folder):
        raise UsageError(
            f"{folder!r} is no name for a lesson.", "Why: letters a-z, digits and dashes are.", "Next: try 03-volumes."
        )
    course = root / "course.yaml"
    if not course.is_file():
        root.mkdir(parents=True, exist_ok=True)
        course.write_text(
            _COURSE.replace("@pack@", re.sub(r"[^a-z0-9]+", "-", root.resolve().name.lower()).strip("-") or "pack")
        )
    if not folder[:2].isdigit():
        numbers = [int(name[:2]) for name in _lessons(course) if name[:2].isdigit()]
        folder = f"{max(numbers, default=0) + 1:02}-{folder}"
    if (root / "lessons" / folder).exists():
        raise RefusedError(f"The lesson {folder} is there already.", "", "Next: choose another name.")
    lesson = folder[3:] if folder[:2].isdigit() else folder
    languages: list[str] = read_one(course, "course.yaml").data["languages"]
    written = []
    for name, text in _files(folder, lesson, languages).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    _list(course, folder)
    return written


def _lessons(course: Path) -> list[str]:
    return list(read_one(course, "course.yaml").data.get("lessons") or ())


def _list(course: Path, folder: str) -> None:
    """Add the lesson to ``course.yaml``, leaving everything else as the author wrote it."""
    text = course.read_text(encoding="utf-8")
    before = _lessons(course)
    if not before:
        text = re.sub(r"(?m)^lessons:.*$", f"lessons:\n  - {folder}", text, count=1)
    elif re.search(r"(?m)^lessons:\s*\[", text):
        text = re.sub(r"(?ms)^(lessons:\s*\[.*?)\s*\]", rf"\1, {folder}]", text, count=1)
    else:
        text = re.sub(rf"(?m)^(\s*)- {re.escape(before[-1])}[ \t]*(#.*)?$", rf"\g<0>\n\1- {folder}", text, count=1)
    course.write_text(text, encoding="utf-8")


def _files(folder: str, lesson: str, languages: list[str]) -> dict[str, str]:
    def text(words: str) -> str:
        return "{" + ", ".join(f'{name}: "{words}"' for name in languages) + "}"

    def filled(template: str) -> str:
        made = re.sub(r"<<(.+?)>>", lambda found: text(found[1]), template)
        return made.replace("@lesson@", lesson).replace("@folder@", folder)

    files = {
        f"lessons/{folder}/lesson.yaml": filled(_LESSON),
        f"lessons/{folder}/exercises/first.yaml": filled(_EXERCISE),
        f"checks/{folder}.yaml": filled(_CHECKS),
        f"manifests/{folder}/solution.yaml": _MANIFEST,
    }
    return files | {f"lessons/{folder}/text.{name}.md": filled(_TEXT) for name in languages}


_COURSE = """\
id: @pack@
title: {en: My course}
version: 0.1.0
languages: [en]
lessons: []
"""
_LESSON = """\
id: @lesson@
title: <<@lesson@>>
summary: <<What it is about, in one sentence.>>
minutes: 10
namespace: @lesson@
exercises: [first]
"""
_TEXT = """\
## What it is {#what}
One idea a screen, about 80 columns and 18 rows.

## Try it {#try exercise=first}
The task stands beside this screen.
"""
_EXERCISE = """\
id: first
title: <<A ConfigMap>>
goal: <<A ConfigMap named settings holds color: blue.>>
hints:
  - {text: <<Which kind keeps settings?>>, cost: 0}
  - {text: <<kubectl create configmap makes one.>>, cost: 0.2}
  - {text: <<kubectl create configmap settings --from-literal=color=…>>, cost: 0.5}
solutions:
  - name: command
    steps:
      - kubectl create configmap settings --from-literal=color=blue
  - name: manifest
    steps:
      - apply: solution.yaml
mistakes:
  - name: other-value
    steps:
      - kubectl create configmap settings --from-literal=color=red
    fails: [blue]
    says: red
  - name: other-name
    steps:
      - kubectl create configmap setting --from-literal=color=blue
    fails: [exists]
    says: setting
learn: <<Settings live outside of the image.>>
"""
_CHECKS = """\
first:
  - id: exists
    kind: match
    title: <<ConfigMap settings exists>>
    message: <<There is no ConfigMap named settings.>>
    learn: try
    spec:
      object: {kind: ConfigMap, name: settings}
  - id: blue
    kind: match
    needs: [exists]
    title: <<The color is blue>>
    message: <<The ConfigMap holds another color.>>
    learn: what
    spec:
      object: {kind: ConfigMap, name: settings}
      any: {data: {color: blue}}
"""
_MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: blue
"""
