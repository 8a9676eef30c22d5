"""Prose cut into screens."""

from k8s_tutor.course.markdown import height, screens


def test_headings_rules_and_attributes() -> None:
    found = screens("## One {#one}\na\n\n---\nb\n\n## Two words\nc\n\n## {#three exercise=do optional}\nd\n")
    assert [(s.anchor, s.title, s.markdown, s.exercise, s.optional) for s in found] == [
        ("one", "One", "a", "", False),
        ("one-2", "One", "b", "", False),
        ("two-words", "Two words", "c", "", False),
        ("three", "", "d", "do", True),
    ]
    assert [s.line for s in found] == [1, 4, 7, 10]


def test_fences_hide_headings_and_rules() -> None:
    text = "## A {#a}\n```yaml\nkind: Pod\n---\n## no\n```\n~~~\n---\n~~~\n"
    assert len(screens(text)) == 1


def test_text_before_the_first_heading_is_a_screen_without_the_title() -> None:
    assert [(s.anchor, s.markdown) for s in screens("# Title\nhello\n\n## A {#a}\nb\n")] == [
        ("start", "hello"),
        ("a", "b"),
    ]


def test_exercise_screen_may_be_empty() -> None:
    assert [s.exercise for s in screens("## Do {#do exercise=it}\n")] == ["it"]


def test_height_counts_wrapped_paragraphs_and_code() -> None:
    assert height("word " * 40) == 3
    assert height("```sh\na\nb\n```") == 2
    assert height("- a\n- b\n- c") == 3
