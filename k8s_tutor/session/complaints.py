"""Errors in the learner's language: the lines of those that a learner meets, in Russian; all others stay English.

An error is made where nobody knows the learner (`errors.TutorError`), so its lines are recognized here by their words.
"""

import re
from typing import Final

from k8s_tutor.errors import TutorError

_LINES: Final = tuple(
    (re.compile(english), russian)
    for english, russian in {
        r"There is no lesson '(.*)'\.": r"Урока «\1» нет.",
        r"There is no exercise '(.*)'\.": r"Упражнения «\1» нет.",
        r"Why: did you mean (.*)\?": r"Может быть, \1?",
        r"Why: there are (.*)\.": r"Есть: \1.",
        r"Next: k8s-tutor list shows (?:all lessons|what there is)\.": r"Что есть, покажет: k8s-tutor list",
        r"The lesson (\S+) has no exercise «(.*)»\.": r"В уроке \1 нет упражнения «\2».",
        r"It has: (.*)\.": r"Есть: \1.",
        r"Type: k8s-tutor list --json, or name it as LESSON/EXERCISE, e\.g\. (.*)": (
            r"Наберите: k8s-tutor list --json или назовите его как УРОК/УПРАЖНЕНИЕ, например \1"
        ),
        r"There is no exercise here\.": r"Здесь нет упражнения.",
        r"The place is (\S+), screen (\d+): only text\.": r"Вы в уроке \1, на экране \2: там только текст.",
        r"Type: k8s-tutor list, then e\.g\. (.*)": r"Наберите: k8s-tutor list, потом, например, \1",
        r"There is no exercise on this screen\.": r"На этом экране нет упражнения.",
        r"Why: (\S+) is text only\.": r"На экране \1 только текст.",
        r"Next: go on to a screen with a task, or name one: k8s-tutor list\.": (
            r"Перейдите к экрану с заданием или назовите упражнение: k8s-tutor list"
        ),
        r"No exercise is going on\.": r"Ни одно упражнение не начато.",
        r"Next: start one first\.": r"Сначала начните упражнение.",
        r"The question «(.*)» has the choices 1 to (\d+)\.": r"У вопроса «\1» варианты от 1 до \2.",
        r"«(.*)» is none of them\.": r"«\1» среди них нет.",
        r"Type e\.g\.: (.*)": r"Наберите, например: \1",
        r"There is no question «(.*)»\.": r"Вопроса «\1» нет.",
        r"Questions: none here\.": r"Здесь вопросов нет.",
        r"Questions: (.*)\.": r"Вопросы: \1.",
        r"Type: answer QUESTION YOUR-ANSWER": r"Наберите: answer ВОПРОС ВАШ-ОТВЕТ",
        r"The exercise (\S+) has no check '(.*)'\.": r"В упражнении \1 нет проверки «\2».",
        r"The exercise (\S+) cannot be done on this cluster\.": r"На этом кластере упражнение \1 выполнить нельзя.",
        r"Why: it needs (.*)\.": r"Нужно: \1.",
        r"The course has no language '(.*)'\.": r"Языка «\1» в курсе нет.",
        r"Why: it has (.*)\.": r"Есть: \1.",
        r"Next: use one of them\.": r"Возьмите один из них.",
        r"There is no cluster\.": r"Кластера нет.",
        r"The practice cluster does not answer\.": r"Учебный кластер не отвечает.",
        r"The cluster at (\S+) does not answer\.": r"Кластер \1 не отвечает.",
        r"The progress in (\S+) is damaged\.": r"Файл с прогрессом \1 повреждён.",
        r"The progress in (\S+) was written by a newer k8s-tutor\.": r"Прогресс в \1 записала более новая версия k8s-tutor.",
        r"Why: it has version (\d+), this program knows up to (\d+)\.": r"У него версия \1, эта программа знает до \2.",
        r"Next: update k8s-tutor; the progress is safe and was not touched\.": (
            r"Обновите k8s-tutor; прогресс цел, его не трогали."
        ),
        r"Next: (mv \S+ \S+), then start again; (`k8s-tutor export`) files can be imported\.": (
            r"Наберите: \1 и запустите снова; сохранённое через \2 можно загрузить."
        ),
        r"The folder (\S+) cannot be used\.": r"Папку \1 использовать нельзя.",
        r"Why: (.*); progress and the cluster's kubeconfig are kept there\.": (
            r"Причина: \1; там лежат прогресс и kubeconfig кластера."
        ),
        r"Next: make it writable, or set (.*) to folders that are\.": (
            r"Разрешите в неё запись или укажите в \1 другие папки."
        ),
        r"The start of (\S+) cannot be made: (.*) ended with (\d+)\.": (
            r"Не удалось подготовить \1: «\2» завершилась с кодом \3."
        ),
        r"Next: (k8s-tutor reset \S+); if it stays so, tell the pack's author \((.*)\)\.": (
            r"Наберите: \1; не поможет — напишите автору курса (\2)."
        ),
        r"Why: (.*)": r"Причина: \1",
        r"Next: (.*)": r"Дальше: \1",
        r"Type: (.*)": r"Наберите: \1",
    }.items()
)


def told(error: TutorError, language: str) -> str:
    """Return an error's lines in the language."""
    if language != "ru":
        return error.render()
    return "\n".join(_in_russian(line) for line in (error.what, error.why, error.next_step) if line)


def _in_russian(line: str) -> str:
    for english, russian in _LINES:
        if found := english.fullmatch(line):
            return found.expand(russian)
    return line
