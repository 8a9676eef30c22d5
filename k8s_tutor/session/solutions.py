"""A solution as Markdown: what the author says, the commands to type, the manifests they apply."""

from pathlib import Path

from k8s_tutor.course import Step, Way


def as_markdown(way: Way, language: str) -> str:
    """Return the way's steps to read."""
    parts = [way.text.get(language)] if way.text else []
    for step in way.steps:
        parts += _step(step)
    return "\n\n".join(parts)


def _step(step: Step) -> list[str]:
    if step.apply is not None:
        content = _read(step.apply) if step.apply.is_file() else ""
        shown = [f"`{step.apply.name}`", f"```yaml\n{content}\n```"] if content else []
        return [*shown, f"```console\n$ {step}\n```"]
    if step.file is not None:
        return [f"`{step.name}`", f"```yaml\n{_read(step.file)}\n```"]
    if step.wait is not None:
        return []
    if step.answer:
        return [f"`{step.answer}`: {step.value}"]
    return [f"```console\n$ {step.run.strip()}\n```"]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig").strip()
