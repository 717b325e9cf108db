"""The least rights that reading a source or asking a driver takes: a policy to paste where the cloud has one."""

import json
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from agent.config.application import SourceConfig
from agent.config.usage import (
    CloudWatchUsage,
    DatadogUsage,
    PerformanceInsightsUsage,
    PrometheusUsage,
    SqlUsage,
    UsageConfig,
)

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


def least_to_ask(driver: UsageConfig) -> dict[str, str]:
    """What to grant for asking a driver, by what it is for; nothing where the kind has no rights of its own."""
    if isinstance(driver, SqlUsage | PrometheusUsage):
        return {driver.kind: _of_kind(f"{driver.kind}.txt")}
    if isinstance(driver, DatadogUsage):
        text = _of_kind("datadog.txt").replace("API_KEY", driver.api_key_env, 1)
        return {driver.kind: text.replace("APP_KEY", driver.app_key_env, 1)}
    if isinstance(driver, CloudWatchUsage):
        return _of_aws(driver, _of_kind("cloudwatch.json").replace("REGION", driver.region))
    if isinstance(driver, PerformanceInsightsUsage):
        place = f"arn:aws:pi:{driver.region}:ACCOUNT:metrics/rds"
        arns = json.dumps([f"{place}/{resource}" for resource in driver.resources])
        return _of_aws(driver, _of_kind("performance-insights.json").replace("RESOURCES", arns))
    return {}


def _of_aws(driver: CloudWatchUsage | PerformanceInsightsUsage, policy: str) -> dict[str, str]:
    """The policy; where a role is assumed it is the role's, and who assumes it needs another."""
    if driver.role is None:
        return {f"usage {driver.name}": policy}
    assuming = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "AssumeTheRole", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": driver.role}],
    }
    return {
        f"usage {driver.name} (of {driver.role})": policy,
        f"usage {driver.name} (of whoever assumes it)": json.dumps(assuming, indent=2) + "\n",
    }


def _of_kind(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


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
