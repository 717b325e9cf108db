"""Manifests of AWS's legacy Cost and Usage Report: ``<report>/yyyymmdd-yyyymmdd/<report>-Manifest.json``."""

import re
from collections.abc import Sequence
from typing import Any

from agent.billing.delivery.manifests import Found, Layout, ListedFile, Statement, document
from agent.errors import SourceError
from agent.period import Period
from agent.storage import Folder

_MANIFEST = re.compile(r"(?:^|/)[^/]*manifest\.json$", re.IGNORECASE)
_MONTH = re.compile(r"(?:^|/)(\d{4})(\d{2})\d{2}-\d{8}/")
_START = re.compile(r"(\d{4})-?(\d{2})-?01")


class AwsCur(Layout):
    """The manifest in the month's folder is written last and names the assembly in force; each assembly keeps a copy.

    Where the location is the month's folder or an assembly of it, the month is told by the manifest alone.
    """

    def recognise(self, shown: str) -> Found | None:
        if _MANIFEST.search(shown) is None:
            return None
        month = _MONTH.search(shown)
        if month is None:
            return Found(shown, "")
        return Found(shown, shown[: month.start()], Period(int(month[1]), int(month[2])))

    def in_force(self, folder: Folder, candidates: Sequence[Found]) -> tuple[Found, Statement]:
        """The one nearest to the top. ``SourceError`` where only copies of several assemblies are there."""
        depth = min(found.shown.count("/") for found in candidates)
        top = [found for found in candidates if found.shown.count("/") == depth]
        if len(top) > 1:
            raise SourceError(
                f"{len(top)} assemblies of the report lie here, and nothing says which is in force",
                where=", ".join(found.shown for found in top[:3]),
                expected="the manifest in the month's folder (yyyymmdd-yyyymmdd), which names one of them",
                mend="copy that manifest too, or set `location` to the report's folder",
            )
        return top[0], self.read(document(folder, top[0].shown), top[0].shown)

    def read(self, content: Any, shown: str) -> Statement:
        keys = content.get("reportKeys") if isinstance(content, dict) else None
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise SourceError(
                "this is no manifest of a Cost and Usage Report",
                where=shown,
                expected="a JSON object with `reportKeys`",
                mend="copy the report's folder again; for CUR 2.0 choose the kind aws-cur2",
            )
        if not keys:
            raise SourceError("the manifest lists no files", where=shown, expected="at least one key in `reportKeys`")
        if zipped := next((key for key in keys if key.lower().endswith(".zip")), None):
            raise SourceError(
                f"the report is compressed as ZIP: {zipped}",
                where=shown,
                expected="GZIP or Parquet",
                mend="set the report's compression to GZIP in the AWS console; the next delivery rewrites the month",
            )
        return Statement(tuple(ListedFile(key) for key in keys), self._period(content, shown), rooted=True)

    def _period(self, content: dict[str, Any], shown: str) -> Period | None:
        """The month as the manifest says; it must be the folder's. None where neither tells."""
        found = self.recognise(shown)
        of_folder = found.period if found else None
        billed = content.get("billingPeriod")
        match = _START.match(str(billed.get("start", ""))) if isinstance(billed, dict) else None
        if match is None:
            return of_folder
        stated = Period(int(match[1]), int(match[2]))
        if of_folder not in (None, stated):
            raise SourceError(
                f"the manifest is of {stated}, its folder of {of_folder}",
                where=shown,
                expected="each month's manifest in its own folder",
                mend="copy the report's folder again as it is",
            )
        return stated
