"""A throw-away pack for tests: the small example of docs/pack-format.md, on which single files are replaced."""

from collections.abc import Mapping
from pathlib import Path

COURSE = """\
id: small
title: {en: A small course, ru: Маленький курс}
version: 1.0.0
languages: [en, ru]
lessons: [01-settings]
"""
LESSON = """\
id: settings
title: {en: Settings, ru: Настройки}
summary: {en: Where settings live., ru: Где живут настройки.}
namespace: settings
exercises: [color]
"""
TEXT = """\
# A title that is not shown

## What it is {#what}
A ConfigMap holds settings.

---
More of it.

## Try it {#try exercise=color}
The task.
"""
EXERCISE = """\
id: color
title: {en: A color, ru: Цвет}
goal: {en: "The ConfigMap paint holds color: blue.", ru: "В ConfigMap paint записано color: blue."}
start:
  - file: paint.yaml
hints:
  - {text: {en: Which kind?, ru: Какой вид?}, cost: 0}
  - {text: {en: kubectl create, ru: kubectl create}, cost: 0.5, check: blue}
  - {text: {en: kubectl create configmap, ru: kubectl create configmap}, cost: 1}
solutions:
  - name: command
    text: {en: One line., ru: Одна строка.}
    steps:
      - kubectl create configmap paint --from-literal=color=blue
  - name: manifest
    steps:
      - apply: paint.yaml
mistakes:
  - name: red
    steps:
      - kubectl create configmap paint --from-literal=color=red
    fails: [blue]
    says: red
  - name: other-name
    steps:
      - kubectl create configmap pain --from-literal=color=blue
    fails: [exists]
    says: pain
learn: {en: Settings live outside., ru: Настройки живут снаружи.}
quiz:
  - id: what
    question: {en: What is it?, ru: Что это?}
    choices:
      - {text: {en: A map, ru: Карта}, correct: true}
      - {text: {en: A pod, ru: Под}, why: {en: No., ru: Нет.}}
"""
CHECKS = """\
color:
  - id: exists
    kind: match
    title: {en: It exists, ru: Он есть}
    message: {en: There is no ConfigMap paint., ru: Нет ConfigMap paint.}
    learn: try
    spec:
      object: {kind: ConfigMap, name: paint}
  - id: blue
    kind: match
    needs: [exists]
    points: 2
    title: {en: It is blue, ru: Он синий}
    message: {en: Another color., ru: Другой цвет.}
    learn: settings#what
    spec:
      object: {kind: ConfigMap, name: paint}
      any: {data: {color: blue}}
"""
MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: paint
data:
  color: blue
"""
FILES = {
    "course.yaml": COURSE,
    "lessons/01-settings/lesson.yaml": LESSON,
    "lessons/01-settings/text.en.md": TEXT,
    "lessons/01-settings/text.ru.md": TEXT,
    "lessons/01-settings/exercises/color.yaml": EXERCISE,
    "checks/01-settings.yaml": CHECKS,
    "manifests/01-settings/paint.yaml": MANIFEST,
}
EXERCISE_FILE = "lessons/01-settings/exercises/color.yaml"
CHECKS_FILE = "checks/01-settings.yaml"


def write_pack(root: Path, changed: Mapping[str, str] | None = None) -> Path:
    """Write the pack; ``changed`` replaces or adds files."""
    for name, text in {**FILES, **(changed or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def replace_in(root: Path, file: str, old: str, new: str) -> None:
    """Change a file of a pack."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
