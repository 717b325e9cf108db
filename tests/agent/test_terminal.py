import json

from agent import terminal


def test_a_table_aligns_text_left_and_numbers_right():
    assert terminal.table(("customer", "cost"), [("acme", "12.50"), ("b", "1,000.00")], right=(1,)) == (
        "customer      cost\n--------  --------\nacme         12.50\nb         1,000.00"
    )


def test_a_name_with_a_line_break_stays_in_its_row():
    assert terminal.table(("name",), [("two\nlines\x1b[31m",)]).splitlines()[2] == "two lines[31m"


def test_a_table_without_rows_is_its_headers():
    assert terminal.table(("a", "b"), []) == "a  b\n-  -"


def test_clean_keeps_newlines_and_letters_of_any_script():
    assert terminal.clean("Müller\n株式会社\t1\x00\x7f") == "Müller\n株式会社\t1"


def test_a_document_escapes_controls_and_reads_back_equal():
    content = {"name": "a\x1b\x9b\u202eb", "rows": [1, None]}
    text = terminal.document(content)
    assert terminal.clean(text) == text
    assert json.loads(text) == content
