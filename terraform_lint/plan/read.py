"""A file of ``terraform show -json`` (or ``tofu show -json``): bytes in, resources out, nothing raised."""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from msgspec import UNSET

from policies.finding import Unread
from policies.resource import Gathered
from terraform_lint.plan.configuration import Configuration
from terraform_lint.plan.resources import gather
from terraform_lint.plan.shape import Plan
from terraform_lint.plan.text import ENCODING, SHOW, NotAPlanError, document, holds_a_plan, looks_like_plan

__all__ = ["looks_like_plan", "read_plan"]

_BYTE = re.compile(r"\(byte (\d+)\)")
_TAIL = 1000
_MAJORS = ("0", "1")
_AGAIN = "make the plan again, and let nothing change the file on its way here"


def read_plan(content: bytes, name: str, *, path: str = "") -> Gathered:
    """The resources of a plan. What cannot be read is one ``Unread`` that says what the file is and what to do.

    ``name`` is the file as people know it, ``path`` its folder with ``/`` (``Resource.path``). A plan that stopped
    with an error is read as far as it goes, and is ``Unread`` too: it does not hold all that will be.
    """
    try:
        with _without_collector():
            plan = _decode(document(content))
            _refuse_other_files(plan)
            changes = plan.resource_changes or []
            gathered = gather(changes, Configuration(plan.configuration, changes), name, path)
    except NotAPlanError as problem:
        return Gathered(unread=[Unread(name, problem.line, problem.message, problem.mend)])
    except RecursionError:
        return Gathered(unread=[Unread(name, None, "the values in it are nested too deeply to be read", SHOW)])
    except (msgspec.MsgspecError, UnicodeError) as error:
        return Gathered(
            unread=[Unread(name, None, f"a part of the plan is not as Terraform writes it: {error}", _AGAIN)]
        )
    _remark_on_the_whole(plan, gathered, name)
    return gathered


@contextmanager
def _without_collector() -> Iterator[None]:
    """Half a million new objects, none in a cycle: the collector would walk them again and again for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _decode(text: memoryview) -> Plan:
    decoder = msgspec.json.Decoder(Plan)
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise NotAPlanError(f"this is JSON, but not as Terraform writes a plan: {error}") from None
    except msgspec.DecodeError as error:
        end = _end_of_document(error)
        if end is None:
            raise _damage(error, text) from None
    except UnicodeError as error:
        raise _not_utf8(error) from None
    _refuse_a_second_document(bytes(text[:end]), bytes(text[end:]))
    return decoder.decode(text[:end])


def _end_of_document(error: msgspec.DecodeError) -> int | None:
    """Where the text after a whole document begins; None where the document itself is damaged."""
    at = _byte(error)
    return at - 1 if at is not None and "trailing characters" in str(error) else None  # it counts from 1 here


def _byte(error: Exception) -> int | None:
    found = _BYTE.search(str(error))
    return int(found[1]) if found else None


def _damage(error: msgspec.DecodeError, text: memoryview) -> NotAPlanError:
    at = _byte(error)
    if at is None:
        if bytes(text[-_TAIL:]).rstrip().endswith(b"}"):
            message = "no JSON: a text in it does not end where it should, as after a conversion between code pages"
            return NotAPlanError(message, ENCODING)
        return NotAPlanError(f"the JSON ends early, at byte {len(text)}: the rest of the file is missing", _AGAIN)
    whole = bytes(text.obj)
    at += len(whole) - len(text)  # lines of a log may stand before
    line = whole.count(b"\n", 0, at) + 1
    return NotAPlanError(
        f"no JSON from byte {at} on: the text was cut or changed, as by a conversion between code pages", ENCODING, line
    )


def _not_utf8(error: UnicodeError) -> NotAPlanError:
    return NotAPlanError(f"the text is not UTF-8 ({error}): it was converted between code pages", ENCODING)


def _refuse_a_second_document(first: bytes, rest: bytes) -> None:
    """Lines of a log may follow a plan, and the same plan again; no other document, for it might be the one meant."""
    if b'"@level"' in first[:_TAIL]:
        raise NotAPlanError("this is the log of `terraform plan -json`, not the plan")
    first = first.rstrip()
    copies = (first, first.replace(b"%", b"%25").replace(b"\r", b"%0D").replace(b"\n", b"%0A"))
    for copy in copies:
        rest = rest.replace(copy, b"")
    if rest.lstrip().startswith((b"{", b"[")) or holds_a_plan(rest):
        raise NotAPlanError("there are several JSON documents in the file", "give each plan a file of its own")


def _refuse_other_files(plan: Plan) -> None:
    _refuse_version(plan)
    if plan.resource_changes is not UNSET or bytes(plan.planned_values):
        return
    for found, message in (
        (plan.level, "this is the log of `terraform plan -json`, not the plan"),
        (plan.values, "this is a state, not a plan: `terraform show -json` was run without a plan file"),
        (plan.lineage, "this is a state file (terraform.tfstate), not a plan"),
        (plan.data, "this is an answer of the Terraform Cloud API, not the plan itself"),
        (plan.run_id, "this is a notification of Terraform Cloud, not the plan itself"),
        (plan.provider_schemas, "this is the output of `terraform providers schema`, not a plan"),
    ):
        if bytes(found):
            cloud = "Terraform Cloud" in message
            raise NotAPlanError(message, "download the plan: GET /plans/ID/json-output" if cloud else SHOW)
    raise NotAPlanError("this is JSON, but no plan: it has neither resource_changes nor planned_values")


def _refuse_version(plan: Plan) -> None:
    version = plan.format_version
    if version in (UNSET, None):
        return
    if str(version).partition(".")[0] not in _MAJORS:
        raise NotAPlanError(
            f"the plan has format_version {str(version)[:20]}, and only versions 0 and 1 are understood",
            "use a newer version of apportion, or an older Terraform",
        )


def _remark_on_the_whole(plan: Plan, gathered: Gathered, name: str) -> None:
    if plan.errored:
        message = "planning stopped with an error, so the plan does not hold all that will be"
        gathered.unread.append(Unread(name, None, message, "mend what `terraform plan` complains about first"))
    deferred = len(plan.deferred_changes or ())
    if deferred:
        gathered.notes.append(f"{name}: {deferred} deferred changes are not in this plan and were not checked")
    elif plan.complete is False and not plan.errored:
        gathered.notes.append(f"{name}: the plan is incomplete (-target or the like): another one has to follow")
