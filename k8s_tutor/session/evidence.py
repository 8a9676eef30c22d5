"""What checks found, in the learner's language: a difference's own words are few; names and values stay as they are.

The checks' results are English, as logs and JSON want them; here the phrases that ``checks`` itself writes around
names and values are said in Russian. What the cluster says (events, conditions) is the cluster's own text and stays.
"""

import re
from typing import Final

_WHOLE: Final = {
    "nothing": "ничего",
    "present": "есть",
    "absent": "нет",
    "an answer": "ответ",
    "none yet": "пока нет",
    "another one": "другой ответ",
    "not yet": "пока нет",
    "never so far": "пока ни разу",
    "that never happened": "такого не было",
    "never deleted": "ни разу не удалён",
    "the same object all the time": "всё время тот же объект",
    "unchanged": "без изменений",
    "another number": "другое число",
    "readable": "читается",
    "runs": "выполняется",
    "yes": "да",
    "no": "нет",
    "takes it": "принимает",
    "known and of its type": "известное, своего типа",
}
_BEGINNINGS: Final = (
    (r"text like (?=/)", "текст вида "),
    (r"no text like (?=/)", "без текста вида "),
    (r"text with (?=['\"])", "текст, где есть "),
    (r"exactly (?=['\"])", "ровно "),
    (r"one of ", "одно из "),
    (r"items like ", "элементы вида "),
    (r"nothing like ", "ничего вида "),
    (r"only ", "только "),
    (r"not ", "не "),
    (r"never ", "ни разу "),
    (r"at least (?=\d)", "не меньше "),
    (r"a running (?=\w)", "работающий "),
)
_PATTERNS: Final = (
    (re.compile(r"(\d+) to (\d+)"), r"от \1 до \2"),
    (re.compile(r"within ([\d.e+]+) s"), r"за \1 с"),
    (re.compile(r"after ([\d.e+]+) s"), r"через \1 с"),
    (re.compile(r"no (['\"].*) in it"), r"без \1"),
    (re.compile(r"(\S+) was made anew"), r"\1 создан заново"),
    (re.compile(r"(\S+) was deleted"), r"\1 удалён"),
    (re.compile(r"(\S+) has another template"), r"у \1 другой шаблон"),
)
_PATHS: Final = {
    "answer": "ответ",
    "count": "количество",
    "history": "ход событий",
    "time": "время",
    "exit code": "код выхода",
    "command": "команда",
    "log": "лог",
    "rollouts": "выкаток",
    "request": "запрос",
    "status": "статус",
    "file": "файл",
    "field": "поле",
    "API server": "API-сервер",
    "backends that answered": "ответивших бэкендов",
    "share of each backend": "доля каждого бэкенда",
    "matching lines of the log": "подходящих строк лога",
}


def phrase(text: str, language: str) -> str:
    """Return what was expected or found, in the language where its words are known."""
    if language != "ru":
        return text
    if text in _WHOLE:
        return _WHOLE[text]
    for pattern, russian in _PATTERNS:
        if found := pattern.fullmatch(text):
            return found.expand(russian)
    for beginning, russian in _BEGINNINGS:
        if found := re.match(beginning, text):
            return russian + text[found.end() :]
    return text


def place(path: str, language: str) -> str:
    """Return the place of a difference: a field's path as it is, a word of ours in the language."""
    return _PATHS.get(path, path) if language == "ru" else path
