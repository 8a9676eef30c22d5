"""What controllers of pods share: selector, template, rolling updates, counts in status."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import Column
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_selector, empty, parse, shown

NO_MATCH = "`selector` does not match template `labels`"


def check_workload_selector(v: At, kind: str) -> None:
    """Check the selector of a workload: there must be one, and it must select something."""
    selector = v.get("selector")
    if selector is None:
        v.required("selector")
        return
    check_selector(v.at("selector"))
    if empty(selector):
        v.invalid("selector", f"empty selector is invalid for {kind}", shown(selector))


def check_matches(v: At) -> None:
    """Complain where the selector does not select the workload's own template."""
    selector = parse(v.get("selector"))
    template = v.at("template")
    labels = (template.get("metadata") or {}).get("labels")
    if selector is not None and not selector.matches(labels or {}):
        template.at("metadata").invalid("labels", NO_MATCH, labels)


def check_int_or_percent(v: At, name: str) -> None:
    """Check a count given as a number or as percentage."""
    value = v.get(name)
    if isinstance(value, str):
        for complaint in names.is_percent(value):
            v.invalid(name, complaint)
    else:
        v.not_negative(name)


def check_percent_limit(v: At, name: str) -> None:
    """Refuse percentages above 100."""
    value = v.get(name)
    if isinstance(value, str) and not names.is_percent(value) and int(value[:-1]) > 100:
        v.invalid(name, "must not be greater than 100%")


def amount(value: Any) -> int:
    """Return the number of a count or percentage, 0 where it is neither."""
    if isinstance(value, str):
        text = value.removesuffix("%")
        return int(text) if text.isdigit() else 0
    return value or 0


def check_counts(v: At, total: str, *parts: str, available: tuple[str, str] | None = None, less: str = "") -> None:
    """Check the counts of a status: none negative, no part greater than the total."""
    whole = v.number(total)
    for name in parts:
        if v.number(name) > whole:
            v.invalid(name, f"cannot be greater than status.{total}", v.number(name))
    if available and v.number(available[0]) > v.number(available[1]):
        v.invalid(available[0], f"cannot be greater than {less}{available[1]}", v.number(available[0]))


def check_collisions(v: At, old: Json) -> None:
    """Refuse a collisionCount that goes down; the cursor stands at status."""
    before = (old.get("status") or {}).get("collisionCount")
    now = v.get("collisionCount")
    if before is not None and (now is None or now < before):
        v.invalid("collisionCount", "cannot be decremented", now or 0)


def columns(*own: Column, selector: Column | None = None) -> table.Columns:
    """Return a workload's columns: its own, then age, containers, images and selector."""
    last = (table.CONTAINERS, table.IMAGES, *([selector] if selector else []))
    return table.table(table.NAME, *own, table.AGE, *last)
