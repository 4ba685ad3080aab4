import pytest

from trainer.runs import markdown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("traffic light", "traffic light"),
        ("a|b_c", r"a\|b\_c"),
        ("<b>", r"\<b\>"),
        ("two\nlines", "two lines"),
    ],
)
def test_names_are_shown_as_they_are(text, written):
    assert markdown.plain(text) == written


def test_a_name_does_not_leave_its_code():
    assert markdown.code("a`b|c\n") == "`a'b/c`"


def test_a_table_keeps_its_columns():
    assert markdown.table([["name", "n"], ["a|b", "1"]]) == (
        "| name | n |\n| --- | ---: |\n| a\\|b | 1 |"
    )
