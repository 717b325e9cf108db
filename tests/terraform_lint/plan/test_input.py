import gzip
import json

import pytest

from terraform_lint.plan.read import looks_like_plan, read_plan

BUCKET = "aws_s3_bucket.x"


@pytest.fixture
def text(plan, change):
    return plan(change("aws_s3_bucket", {"tags": {"tenant": "acme", "note": "é % 100"}}))


def _addresses(content):
    found = read_plan(content, "plan.json")
    assert found.unread == []
    return [resource.address for resource in found.resources]


def _refused(content):
    found = read_plan(content, "plan.json")
    assert found.resources == []
    (unread,) = found.unread
    assert unread.file == "plan.json"
    assert unread.mend
    return unread


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_plan_is_read_in_whatever_unicode_it_was_written(text, codec):
    document = json.dumps(json.loads(text), ensure_ascii=False)
    found = read_plan(document.encode(codec), "plan.json")
    assert found.resources[0].carriers[0].tags.known["note"] == "é % 100"
    assert looks_like_plan(document.encode(codec))


def test_a_big_endian_byte_order_mark_is_understood(text):
    assert _addresses(b"\xfe\xff" + text.decode().encode("utf-16-be")) == [BUCKET]


def test_a_byte_order_mark_in_front_of_blanks_is_no_harm(text):
    assert _addresses(b"\xef\xbb\xbf \r\n" + text + b"\r\n") == [BUCKET]


@pytest.mark.parametrize(
    "before",
    [
        b"[command]/tmp/3d21/terraform-bin show -json plan.tfplan\n",
        b"\x1b[0m\x1b[1mInitializing {the} backend...\x1b[0m\n\x1b[0m",
        b"Running show in [remote] mode: ",
        b"[step 3] ",
    ],
)
@pytest.mark.parametrize(
    "after",
    [b"", b"%0A\n::set-output name=stderr::\n::set-output name=exitcode::0\n", b"\n::debug::exited with code 0.\n"],
)
def test_lines_of_a_log_around_the_plan_are_passed_over(text, before, after):
    assert _addresses(before + text + after) == [BUCKET]
    assert looks_like_plan(before + text + after)


def test_a_log_that_repeats_the_same_plan_is_one_plan(text):
    escaped = text.replace(b"%", b"%25")
    log = b"[command]terraform show -json\n" + text + b"\n::debug::stdout: " + text + b"\n::set-output name=stdout::"
    assert _addresses(log + escaped + b"%0A\n") == [BUCKET]


def test_a_plan_written_over_many_lines_is_found_behind_a_log(text):
    pretty = json.dumps(json.loads(text), indent=2).encode()
    assert _addresses(b"Success {ok}\n" + pretty + b"\ndone\n") == [BUCKET]


def test_a_plan_that_was_trimmed_of_its_version_is_read(plan, change):
    trimmed = json.loads(plan(change("aws_s3_bucket", {"tags": None})))
    del trimmed["format_version"], trimmed["terraform_version"], trimmed["planned_values"]
    assert _addresses(json.dumps(trimmed).encode()) == [BUCKET]


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.1", "1.2", "1.99", 1.2, None])
def test_versions_0_and_1_of_the_format_are_read(plan, change, version):
    assert _addresses(plan(change("aws_s3_bucket", {"tags": None}), format_version=version)) == [BUCKET]


def test_an_unknown_major_version_is_refused_by_name(plan, change):
    unread = _refused(plan(change("aws_s3_bucket", {"tags": None}), format_version="2.0"))
    assert "format_version 2.0" in unread.message


@pytest.mark.parametrize("between", [b"", b"\n", b"\nsecond run:\n"])
def test_two_different_plans_in_one_file_are_refused(plan, change, text, between):
    other = plan(change("aws_s3_bucket", {"tags": None}, name="y"))
    assert "several JSON documents" in _refused(text + between + other).message


def test_a_plan_cut_short_says_where(text):
    assert f"ends early, at byte {len(text) - 9}" in _refused(text[:-9]).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04\x14\x00\x08\x00tfplan", "binary plan"),
        (gzip.compress(b"{}", mtime=0), "compressed"),
        (b"<!DOCTYPE html><html><body>{Sign in}</body></html>", "HTML"),
        (
            b"\nTerraform will perform the following actions:\n\n  # aws_s3_bucket.x will be created\n",
            "text for people",
        ),
        (b'resource "aws_s3_bucket" "x" {\n  tags = {}\n}\n', "no JSON"),
        (b"[1, 2]", "JSON, but no plan"),
        (b'"plan"', "JSON, but no plan"),
        (b"{}", "no plan"),
        (b'{"name": "left-pad", "version": "1.0.0"}', "no plan"),
        (b'{"format_version": "1.0"}', "no plan"),
        (b'{"format_version":"1.0","terraform_version":"1.9.0","values":{"root_module":{}}}', "a state, not a plan"),
        (b'{"version": 4, "terraform_version": "1.9.0", "lineage": "8c0f", "resources": []}', "state file"),
        (b'{"@level":"info","@message":"Terraform 1.9.0","type":"version"}\n', "log of `terraform plan -json`"),
        (b'{"@level":"info","type":"version"}\n{"@level":"info","type":"planned_change"}\n', "log of `terraform plan"),
        (b'{"data":{"id":"run-1","type":"runs","attributes":{"status":"planned"}}}', "Terraform Cloud API"),
        (b'{"payload_version":1,"run_url":"https://x/y","run_id":"run-1","notifications":[]}', "Terraform Cloud"),
        (b'{"format_version":"1.0","provider_schemas":{}}', "providers schema"),
        (b"\xff\xfe{\x00\xd8\xd8", "damaged"),
        (b"\x00\x01\x02\x03", "no JSON"),
    ],
)
def test_what_is_no_plan_is_named_and_never_judged(content, words):
    assert words in _refused(content).message
    assert not looks_like_plan(content)


@pytest.mark.parametrize("changes", [b"{}", b'[{"address":1}]', b'[{"address":"a","type":"b"}]', b'"none"'])
def test_changes_of_another_shape_are_refused(changes):
    content = b'{"format_version":"1.2","resource_changes":' + changes + b"}"
    assert looks_like_plan(content)
    assert "not as Terraform writes a plan" in _refused(content).message


def test_text_damaged_between_code_pages_is_refused_with_the_line():
    damaged = b'{"format_version":"1.2",\n"resource_changes":[{"address":"a?,"type":"aws_vpc"}]}'
    unread = _refused(damaged)
    assert "code page" in unread.message
    assert unread.line == 2
    assert "UTF-8" in unread.mend
    assert _refused(b"[command]terraform show\n" + damaged).line == 3


def test_a_closing_quote_lost_for_good_is_refused():
    assert "does not end" in _refused(b'{"format_version":"1.2","resource_changes":[],"configuration":"a}}}').message


def test_bytes_that_are_no_utf8_are_refused(plan, change):
    text = plan(change("aws_s3_bucket", {"tags": {"tenant": "caf!"}}))
    assert "not UTF-8" in _refused(text.replace(b"!", b"\xe9")).message


def test_a_configuration_of_another_shape_is_refused_once_it_is_needed(plan, change):
    whole_is_unknown = change("aws_s3_bucket", {"tags": None}, unknown={"tags_all": True})
    unread = _refused(plan(whole_is_unknown, configuration={"provider_config": ["?"]}))
    assert "not as Terraform writes it" in unread.message


@pytest.mark.parametrize("key", ["resource_changes", "timestamp"])
def test_nesting_without_end_is_refused(key):
    assert (
        "nested too deeply" in _refused(b'{"format_version":"1.2","%s":' % key.encode() + b'[{"a":' * 100_000).message
    )


def test_a_plan_that_stopped_with_an_error_is_read_and_still_no_success(plan, change):
    found = read_plan(plan(change("aws_s3_bucket", {"tags": None}), errored=True, complete=False), "plan.json")
    assert [resource.address for resource in found.resources] == [BUCKET]
    assert "stopped with an error" in found.unread[0].message


def test_an_incomplete_plan_says_so(plan, change):
    (note,) = read_plan(plan(change("aws_s3_bucket", {"tags": None}), complete=False), "plan.json").notes
    assert "incomplete" in note


def test_deferred_changes_are_counted_in_a_note(plan):
    (note,) = read_plan(plan(complete=False, deferred_changes=[{"reason": "x"}, {"reason": "y"}]), "plan.json").notes
    assert "2 deferred changes" in note


def test_a_plan_without_changes_is_fine():
    found = read_plan(b'{"format_version":"1.2","planned_values":{"root_module":{}}}', "plan.json")
    assert found.unread == []
    assert found.resources == []


def test_file_and_path_are_as_given(text):
    (resource,) = read_plan(text, "live/eu/plan.json", path="live/eu").resources
    assert (resource.file, resource.line, resource.path) == ("live/eu/plan.json", None, "live/eu")


@pytest.mark.parametrize("filler", [b" ", b"\n", b" \n\t", b"\x1b[0m", b"{", b"[", b"# ", b'{"', b'["', b"\r"])
def test_a_megabyte_of_anything_is_refused_without_delay(filler):
    _refused((filler * 1_000_000)[:1_000_000])
    _refused(b"x" + (filler * 1_000_000)[:1_000_000] + b"x")
