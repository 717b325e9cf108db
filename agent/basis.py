"""What results were made from: recorded in ``proof.json``, and compared to tell whether a month is out of date."""

import hashlib
import json
from pathlib import Path

from agent import closing, results
from agent.allocation import Proof
from agent.billing.ledger.versions import heads
from agent.config.loading import Settings
from agent.period import Period

Json = dict[str, object]


def seal(settings: Settings, period: Period, folder: Path, proof: Proof) -> None:
    """Writes ``proof.json`` beside the finished files of a run: the sums, each file's hash, and the basis."""
    hashes = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    as_of = json.loads((folder / "details.json").read_bytes())["as_of"]
    content = {"version": 1, "period": str(period), **proof.as_json(), "as_of": as_of}
    content |= {"results": hashes, "inputs": _inputs(settings.data), "config": _config(settings, period)}
    results.write(folder / results.PROOF, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")


def out_of_date(settings: Settings, period: Period) -> bool:
    """Whether there is a ledger for the month and its results are absent or made from something else than today's.

    A closed month never is. An open one also answers to what later deliveries changed in closed ones.
    """
    if closing.closed_month(settings.data, period) is not None:
        return False
    versions = {version.source: version.version for version in heads(settings.data, period)}
    if not versions:
        return False
    proof = results.read_proof(settings.data, period)
    if proof is None:
        return True
    made_from = {source["name"]: source["version"] for source in proof["sources"]}
    answered = (proof.get("adjusts", {}), proof.get("frozen", {}))
    now = (versions, _inputs(settings.data), _config(settings, period), closing.expected(settings, period))
    return (made_from, proof["inputs"], proof["config"], *answered) != (*now, closing.answers_to(settings, period))


def _inputs(data: Path) -> Json:
    """sha256 of each usage driver, of revenue and of the registry, as they were last taken in."""
    head = data / "inputs" / "HEAD.json"
    if not head.is_file():
        return {}
    taken = json.loads(head.read_bytes())
    single = {kind: (taken.get(kind) or {}).get("sha256") for kind in ("revenue", "registry")}
    return {"usage": {name: driver["sha256"] for name, driver in sorted(taken["usage"].items())}, **single}


def _config(settings: Settings, period: Period) -> Json:
    """sha256 of each configuration file that decides the month, by its name as configured."""
    return {name: _sha256(path) for name, path in settings.config_files(period).items()}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
