"""The least rights that reading each source takes: a policy to paste where the cloud has one, with its names in it."""

import json
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from agent.config.application import SourceConfig

_LOCAL = "read access to the folder; whatever copies the export there needs read access to the bucket it lies in"
_FOLDER = files("agent.doctor") / "rights"


def least(source: SourceConfig) -> str:
    """What to grant for one source, by where it lies, else by its kind; else a sentence.

    Of an object store: reading the bucket below the prefix, and nothing else. What only the reader knows, such as the
    identity that apportion runs as, stays in capitals.
    """
    parts = urlsplit(source.location)
    place = parts.netloc, parts.path.strip("/")
    if parts.scheme == "s3":
        return _s3(*place)
    if parts.scheme in ("gs", "az"):
        text = (_FOLDER / f"{parts.scheme}.txt").read_text(encoding="utf-8")
        account = source.storage.account or "ACCOUNT"
        return text.replace("ACCOUNT", account).replace("BUCKET", place[0]).replace("PREFIX", place[1])
    if parts.scheme == "bigquery":
        return _bigquery(source, *place)
    of_service = parts.scheme in ("https", "http")
    policy = _FOLDER / f"{source.kind}.{'txt' if of_service else 'json'}"
    return policy.read_text(encoding="utf-8") if policy.is_file() else _LOCAL


def _bigquery(source: SourceConfig, project: str, below: str) -> str:
    """Partitions are listed by dataset; what is read is billed to a project, which may be another."""
    text = (_FOLDER / "bigquery.txt").read_text(encoding="utf-8")
    named = text.replace("DATASETPROJECT", project).replace("DATASET", below.partition("/")[0])
    return named.replace("PROJECT", source.storage.account or project)


def _s3(bucket: str, prefix: str) -> str:
    listing: dict[str, Any] = {
        "Sid": "ListTheExport",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
    }
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}
    reading = {
        "Sid": "ReadTheExport",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/{prefix}*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [listing, reading]}, indent=2) + "\n"
