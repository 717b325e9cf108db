"""Manifests of AWS Data Exports (CUR 2.0, FOCUS): ``metadata/BILLING_PERIOD=YYYY-MM/…Manifest.json``."""

import re
from typing import Any

from agent.billing.delivery.manifests import Found, Layout, ListedFile, Statement
from agent.errors import SourceError
from agent.period import Period

_MANIFEST = re.compile(r"(?:^|/)metadata/BILLING_PERIOD=(\d{4}-\d{2})/(?:.*/)?[^/]*manifest\.json$", re.IGNORECASE)


class AwsDataExports(Layout):
    """Written after all data files. Where runs are kept apart, the last in time (its folder's name) is in force."""

    def recognise(self, shown: str) -> Found | None:
        match = _MANIFEST.search(shown)
        return None if match is None else Found(shown, shown[: match.start()], Period.parse(match[1]))

    def read(self, content: Any, shown: str) -> Statement:
        try:
            keys = content["dataFiles"]
        except (KeyError, TypeError) as error:
            raise SourceError(
                "this is no manifest of AWS Data Exports",
                where=shown,
                expected="a JSON object with `dataFiles`",
                mend="copy the metadata folder of the export again",
            ) from error
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
            raise SourceError("the manifest lists no files", where=shown, expected="at least one key in `dataFiles`")
        found = self.recognise(shown)
        return Statement(tuple(ListedFile(key) for key in keys), found.period if found else None, rooted=True)
