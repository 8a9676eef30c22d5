"""The few sentences that a session itself says, in the learner's language."""

from typing import Final

_WORDS: Final = {
    "starting": {"en": "Preparing the exercise…", "ru": "Готовлю упражнение…"},
    "resetting": {"en": "Setting the exercise back…", "ru": "Возвращаю упражнение к началу…"},
}


def say(language: str, name: str) -> str:
    """Return a sentence; in English where it is not translated."""
    texts = _WORDS[name]
    return texts.get(language, texts["en"])
