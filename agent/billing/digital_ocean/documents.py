"""What is kept of the API: one file an invoice, with the answers as they came and what was known of its resources.

raw/<source>/invoices/<uuid>.json   final; written once
raw/<source>/preview.json           the month to date; written anew when it changes
raw/<source>/_resources.json        tags and project of every resource as last seen; of the answers no more is kept,
                                    since those of databases hold passwords
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.billing.digital_ocean.api import Answer
from agent.billing.digital_ocean.products import amount
from agent.errors import SourceError
from agent.period import Period

VERSION = "1"
INVOICES = "invoices"
PREVIEW = "preview.json"
RESOURCES = "_resources.json"
Resources = dict[str, dict[str, Any]]
"""``do:droplet:123`` -> {"tags": [...], "project": name}; a key that is not known is left out."""


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice, or the preview of the next (``final`` False)."""

    final: bool
    account: str | None
    summary: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]
    resources: Resources
    unread: Mapping[str, str] = field(default_factory=dict)
    """Lists that the token may not read, and why."""

    @property
    def uuid(self) -> str:
        return str(self.summary["invoice_uuid"])

    @property
    def period(self) -> Period:
        return Period.parse(str(self.summary["billing_period"]))


def text_of(
    answers: Sequence[Answer], *, final: bool, account: str | None, resources: Resources, unread: Mapping[str, str]
) -> str:
    """The file: the summary's answer first, then the items page by page, letter by letter as they came."""
    head = {"version": VERSION, "final": final, "account": account, "unread": unread, "resources": resources}
    opening = json.dumps(head, indent=1, ensure_ascii=False, sort_keys=True)[:-2]
    parts = [f'  {{"get": {json.dumps(answer.path)}, "answer": {answer.text.strip()}}}' for answer in answers]
    return opening + ',\n "answers": [\n' + ",\n".join(parts) + "\n ]\n}\n"


def read(path: Path, shown: str) -> Document:
    """Reads :func:`text_of` back, numbers as text. Raises ``SourceError`` for what is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_float=str, parse_int=str)
        if found["version"] != VERSION:
            raise ValueError(found["version"])  # noqa: TRY301  # told below like all that is not ours
        summary, *pages = (answer["answer"] for answer in found["answers"])
        items = [item for page in pages for item in page["invoice_items"] or []]
        document = Document(found["final"], found["account"], summary, items, found["resources"], found["unread"])
        _check(document, items)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            "this is no invoice as it was fetched from DigitalOcean",
            where=shown,
            expected="a file that apportion ingest wrote below raw/, or an invoice's CSV",
            mend="remove the file; the next ingest fetches the invoice again",
        ) from error
    return document


def _check(document: Document, items: Sequence[Any]) -> None:
    if not document.uuid or document.period is None:
        raise ValueError(document.uuid)
    amount(document.summary["amount"])
    for item in items:
        if not isinstance(item["amount"], str) or not isinstance(item["product"], str):
            raise TypeError(item)
