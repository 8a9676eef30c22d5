"""The command palette: everything the tutor can do, by name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

RATES = (
    (0.0, "Clock: pause", "Часы: пауза"),
    (1.0, "Clock: real time", "Часы: обычный ход"),
    (10.0, "Clock: ×10", "Часы: ×10"),
)


class TutorCommands(Provider):
    """Offers the app's actions and the clock."""

    def _entries(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        app: Any = self.app
        russian = app.language == "ru"
        names = (
            ("next", "Next screen", "Следующий экран"),
            ("previous", "Previous screen", "Предыдущий экран"),
            ("lessons", "Lessons", "Уроки"),
            ("hint", "Hint", "Подсказка"),
            ("solution", "Solutions", "Решения"),
            ("start", "Begin the exercise again", "Начать упражнение заново"),
            ("undo", "Undo the last command", "Отменить последнюю команду"),
            ("language", "Language", "Язык"),
            ("pager", "Last output in the pager", "Последний вывод в просмотрщике"),
            ("cluster", "Start the cluster", "Запустить кластер"),
            ("help", "Help: keys", "Справка: клавиши"),
            ("leave", "Leave", "Выйти"),
        )
        for action, english, other in names:
            yield (other if russian else english), getattr(app, f"action_{action}")
        if app.provider is not None and "clock" in app.provider.capabilities:
            for rate, english, other in RATES:
                yield (other if russian else english), partial(app.steer_clock, rate=rate)
            yield ("Часы: +1 минута" if russian else "Clock: +1 minute"), partial(app.steer_clock, advance=60)

    async def discover(self) -> Hits:
        """List all of them."""
        for name, act in self._entries():
            yield DiscoveryHit(name, act)

    async def search(self, query: str) -> Hits:
        """List those that match."""
        matcher = self.matcher(query)
        for name, act in self._entries():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), act)
