"""The help text: keys and prompt, in both languages."""

KEYS = (
    ("Ctrl+N  Ctrl+B", "next, previous screen of the lesson", "следующий, предыдущий экран урока"),
    ("F2 … F7", "lesson, task, cluster, nodes, rollout, events", "урок, задание, кластер, узлы, выкатка, события"),
    ("PgUp PgDn", "scroll what you read", "прокрутить то, что читаете"),
    ("F8", "a hint (the first is free)", "подсказка (первая бесплатна)"),
    ("F9", "begin the exercise, or set its start up again", "начать упражнение или вернуть его начало"),
    ("Ctrl+T", "show the solutions", "показать решения"),
    ("Ctrl+Z", "undo the last command", "отменить последнюю команду"),
    ("Ctrl+O", "the last output in a pager", "последний вывод в просмотрщике"),
    ("Tab  ↑ ↓", "complete; history", "дополнить; история"),
    ("Ctrl+C", "stop the running command", "прервать команду"),
    ("Ctrl+L", "clear the output", "очистить вывод"),
    ("F12", "English / Russian", "английский / русский"),
    ("F10", "start the cluster again", "запустить кластер снова"),
    ("Ctrl+P", "all commands by name", "все команды по имени"),
    ("Ctrl+Q", "leave; you come back to this place", "выйти; вернётесь сюда же"),
    ("Esc", "from the prompt to the text and back; there", "от строки ввода к тексту и обратно; там"),
    ("  n p l h m ?", "next, back, language, hint, lessons, help", "дальше, назад, язык, подсказка, уроки, справка"),
)
PROMPT = {
    "en": (
        "The prompt is a small shell: kubectl with its usual verbs, pipes to grep,",
        "head, wc, less; `&&`, `>`, here-documents, cat, ls, rm.",
        "`edit pod.yaml` opens the editor, `answer QUESTION …` answers a question.",
        'In another terminal: eval "$(k8s-tutor env)"',
        "and your own kubectl talks to the same cluster.",
    ),
    "ru": (
        "Строка ввода — маленькая оболочка: kubectl с обычными командами, каналы",
        "в grep, head, wc, less; `&&`, `>`, here-документы, cat, ls, rm.",
        "`edit pod.yaml` открывает редактор, `answer ВОПРОС …` — ответ на вопрос.",
        'В другом терминале: eval "$(k8s-tutor env)" —',
        "и ваш kubectl говорит с тем же кластером.",
    ),
}


def help_lines(language: str) -> list[str]:
    """Return the help as lines."""
    russian = language == "ru"
    keys = [f"  {key:<16}{ru if russian else en}" for key, en, ru in KEYS]
    return ["", *keys, "", *(f"  {line}" for line in PROMPT["ru" if russian else "en"])]
