"""The words of the line mode and of check marks, in both languages; plain lines that a screen reader can say."""

from typing import Final

_WORDS: Final = {
    "passed": ("[passed]", "[пройдено]"),
    "failed": ("[not yet]", "[пока нет]"),
    "blocked": ("[waits]", "[ждёт]"),
    "ungradable": ("[cannot be judged]", "[нельзя проверить]"),
    "error": ("[our fault]", "[наша ошибка]"),
    "pending": ("[looking]", "[смотрим]"),
    "expected": ("expected", "ожидалось"),
    "found": ("found", "сейчас"),
    "because": ("because", "причина"),
    "next-command": ("next", "наберите"),
    "read": ("read", "прочитайте"),
    "undone": ("The last command was undone.", "Последняя команда отменена."),
    "nothing-undone": ("There is nothing to undo.", "Отменять нечего."),
    "last-screen": ("This was the last screen.", "Это последний экран."),
    "nothing-to-do": (
        "There is nothing to do on this screen. Type: next",
        "На этом экране делать ничего не нужно. Наберите: next",
    ),
    "no-hints": ("No more hints. Type: solution", "Подсказок больше нет. Наберите: solution"),
    "hint": ("Hint {number} (costs {cost} points): {text}", "Подсказка {number} (стоит {cost} балла): {text}"),
    "solved": ("Solved: {points} of {most} points. Type: next", "Решено! Баллы: {points} из {most}. Наберите: next"),
    "right": ("[right]", "[верно]"),
    "wrong": ("[not quite]", "[не совсем]"),
    "exit": ("[exit code {code}]", "[код выхода {code}]"),
    "stopped": ("Stopped.", "Прервано."),
    "more-hints": (
        "There are no more hints. Type: k8s-tutor solution",
        "Подсказок больше нет. Наберите: k8s-tutor solution",
    ),
    "free-hint": ("Hint {number} (free): {text}", "Подсказка {number} (бесплатно): {text}"),
    "start-stands": ("The starting state of {exercise} stands.", "Исходное состояние {exercise} готово."),
    "lesson": ("Lesson", "Урок"),
    "exercise": ("Exercise", "Упражнение"),
    "done": ("Passed", "Пройдено"),
    "cluster": ("Cluster", "Кластер"),
    "at-screen": ("{lesson}, screen {screen} of {screens}", "{lesson}, экран {screen} из {screens}"),
    "of-exercises": ("{passed} of {total} exercises", "упражнений: {passed} из {total}"),
    "no-exercise": ("none on this screen", "на этом экране нет"),
    "confirm": (
        "This changes something outside the lesson, on a real cluster: {what}",
        "Это изменит кое-что вне урока, на настоящем кластере: {what}",
    ),
    "confirm-prompt": ("Type yes to do it: ", "Наберите yes, чтобы выполнить: "),
}


def say(language: str, name: str, **values: object) -> str:
    """Return words in the language, in English where there are none."""
    text = _WORDS[name][language == "ru"]
    return text.format(**values) if values else text
