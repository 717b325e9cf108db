"""The account's invoices -> files. Nothing is written of an invoice until all of it has come."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.billing.digital_ocean import documents, inventory
from agent.billing.digital_ocean.api import Answer, Api, Refused
from agent.billing.digital_ocean.documents import INVOICES, PREVIEW, RESOURCES, Resources
from agent.errors import Unreachable
from agent.progress import Progress
from agent.store import write_text

LIST = "/v2/customers/my/invoices"
_UUID = re.compile(r"[0-9A-Za-z-]{8,64}")


class Pull:
    """One account on its way into ``raw``."""

    def __init__(self, api: Api, raw: Path, progress: Progress) -> None:
        self._api = api
        self._raw = raw
        self._progress = progress

    def run(self) -> None:
        """Fetches new invoices once, the month to date always. Raises ``Unreachable``; what is there stays whole."""
        self._progress.step("DigitalOcean: invoices")
        listed = list(self._api.pages(LIST, "invoices"))
        invoices = [_uuid(invoice, answer) for answer in listed for invoice in answer.content.get("invoices") or []]
        account = self._account()
        self._progress.step("DigitalOcean: resources and projects")
        resources, unread = inventory.known(self._api, self._raw)
        _replace(self._raw / RESOURCES, inventory.text_of(resources))
        new = [uuid for uuid in invoices if not self._place(uuid).is_file()]
        for done, uuid in enumerate(new):
            self._progress.advance(done, len(new), f"invoice {uuid}")
            _replace(self._place(uuid), self._document(uuid, account, resources, unread, final=True))
        self._preview(listed[0], invoices, account, resources, unread)

    def _preview(
        self,
        listed: Answer,
        invoices: list[str],
        account: str | None,
        resources: Resources,
        unread: Mapping[str, str],
    ) -> None:
        preview = listed.content.get("invoice_preview")
        if not preview or _uuid(preview, listed) in invoices:
            (self._raw / PREVIEW).unlink(missing_ok=True)
            return
        self._progress.step("DigitalOcean: the month to date")
        uuid = _uuid(preview, listed)
        _replace(self._raw / PREVIEW, self._document(uuid, account, resources, unread, final=False))

    def _document(
        self, uuid: str, account: str | None, resources: Resources, unread: Mapping[str, str], *, final: bool
    ) -> str:
        answers = [self._api.get(f"{LIST}/{uuid}/summary"), *self._api.pages(f"{LIST}/{uuid}", "invoice_items")]
        items = [item for answer in answers[1:] for item in answer.content.get("invoice_items") or []]
        by_item = inventory.ByItem(resources)
        billed = {name: resources[name] for item in items if (name := by_item.name(item)) is not None}
        return documents.text_of(answers, final=final, account=account, resources=billed, unread=unread)

    def _place(self, uuid: str) -> Path:
        return self._raw / INVOICES / f"{uuid}.json"

    def _account(self) -> str | None:
        """The team's id, else the user's; None where the token may not read it."""
        try:
            account = self._api.get("/v2/account").content.get("account") or {}
        except Refused:
            return None
        found = (account.get("team") or {}).get("uuid") or account.get("uuid")
        return None if found is None else str(found)


def _uuid(invoice: Mapping[str, Any], answer: Answer) -> str:
    uuid = str(invoice.get("invoice_uuid"))
    if _UUID.fullmatch(uuid) is None:
        raise Unreachable(f"an invoice has the id {uuid!r}", where=answer.path, expected="a UUID")
    return uuid


def _replace(path: Path, text: str) -> None:
    """Writes the file whole; one that says the same stays as it is."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
