from reports import files
from tests.reports.example_report import example_report


def test_a_report_folder_holds_four_files_named_by_the_period():
    found = files.render(example_report())
    assert list(found) == [f"cost-per-customer-2026-10.{kind}" for kind in ("xlsx", "html", "csv", "notes.txt")]


def test_every_file_that_is_text_carries_the_proof_line():
    report = example_report()
    for name, data in files.render(report).items():
        assert name.endswith(".xlsx") or report.proof_line in data.decode()


def test_files_are_the_same_bytes_twice():
    assert files.render(example_report()) == files.render(example_report())
