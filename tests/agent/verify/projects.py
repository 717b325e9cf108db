"""A company of the reference as a whole project on disk: configuration, ledger, inputs and published results."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import localcontext
from pathlib import Path
from typing import Any

from agent.allocation.published import write_tables
from agent.engine import Engine
from agent.verify import Check
from agent.verify.allocation import AllocationAudit, Asked, Place
from agent.verify.exact import EXACT
from policies.registry import COLUMNS
from tests.properties.allocation_sql import facts, run
from tests.reference.records import Company, Driver

CONFIG = ("apportion.yaml", "allocation.yaml", "policy.yaml")


@dataclass(frozen=True, slots=True)
class Project:
    """One month of a company on disk, as a run leaves it."""

    root: Path
    period: str

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def folder(self) -> Path:
        return self.data / "results" / self.period

    @property
    def proof(self) -> dict[str, Any]:
        proof: dict[str, Any] = json.loads((self.folder / "proof.json").read_text())
        return proof

    def checks(self, asked: Asked | None = None) -> tuple[list[Check], AllocationAudit]:
        """Every check of the allocation, and the audit that made them."""
        place = Place(self.data, self.root, "apportion.yaml", None)
        audit = AllocationAudit(place, self.folder, self.proof, "seed", asked or Asked())
        with localcontext(EXACT):
            return list(audit.checks()), audit

    def edit_proof(self, **changed: object) -> None:
        (self.folder / "proof.json").write_text(json.dumps(self.proof | changed))

    def configure(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes a configuration file, and what the proof says of it."""
        content = json.loads((self.root / name).read_text())
        change(content)
        (self.root / name).write_text(json.dumps(content))
        digest = hashlib.sha256((self.root / name).read_bytes()).hexdigest()
        self.edit_proof(config=self.proof["config"] | {name: digest})

    def keep(self, kind: str, content: bytes) -> str:
        """Keeps an input at its address."""
        address = hashlib.sha256(content).hexdigest()
        (self.data / "inputs" / kind).mkdir(parents=True, exist_ok=True)
        (self.data / "inputs" / kind / address).write_bytes(content)
        return address


def written(engine: Engine, company: Company, root: Path) -> Project:
    """Allocates the company and writes all that ``verify`` reads of it."""
    project = Project(root, str(company.period))
    project.folder.mkdir(parents=True)
    run(engine, company, project.data)
    known = facts(company, project.data)
    write_tables(engine, known, project.folder)
    for version in known.versions:
        parts = [{"file": entry.file} for entry in version.manifest.ledger]
        (version.folder / "manifest.json").write_text(json.dumps({"ledger": parts}))
    _configure(company, root)
    address = {name: _usage(project, driver) for name, driver in company.drivers.items()}
    proof = {
        "period": project.period,
        "as_of": str(company.as_of),
        "sources": [{"name": v.source, "period": project.period, "version": 1} for v in known.versions],
        "inputs": {"usage": address, "registry": project.keep("registry", _registry(company))},
        "config": {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in CONFIG},
    }
    (project.folder / "proof.json").write_text(json.dumps(proof))
    return project


def _configure(company: Company, root: Path) -> None:
    groups = {row.source: row.group for row in company.rows}
    application = {
        "version": "1",
        "policy": "policy.yaml",
        "allocation": "allocation.yaml",
        "sources": [{"name": name, "cogs": group} for name, group in groups.items()],
        "usage": [
            {
                "name": name,
                "kind": "prometheus" if driver.told else "csv",
                "interval": "hour" if driver.covered else "day",
            }
            for name, driver in company.drivers.items()
        ],
    }
    models = {"allocation.yaml": company.allocation, "policy.yaml": company.policy}
    plain = {n: m.model_dump(mode="json", by_alias=True, exclude_defaults=True) for n, m in models.items()}
    for name, content in (plain | {"apportion.yaml": application}).items():
        (root / name).write_text(json.dumps(content, ensure_ascii=False))


def _registry(company: Company) -> bytes:
    rows = [[getattr(row, name) or "" for name in COLUMNS] for row in company.customers]
    return _table([COLUMNS, *rows])


def _usage(project: Project, driver: Driver) -> str:
    """The address of a driver's kept file; of one whose source says how much it saw, of a listing as for live ones."""
    content = _table([("date", "customer", "quantity", "key"), *_rows(driver)])
    if not driver.told:
        return project.keep("usage", content)
    coverage = {str(day): list(seen) for day, seen in driver.told.items()}
    about = {"question": {"interval": "hour" if driver.covered else "day"}, "coverage": coverage}
    files = {"about.json": json.dumps(about).encode(), "usage.csv": content}
    listing = "".join(f"{project.keep('usage', content)}  {name}\n" for name, content in files.items())
    return project.keep("usage", listing.encode())


def _rows(driver: Driver) -> Iterator[tuple[str, str, str, str]]:
    """As the SQL is given them: of a day covered in part the quantity stands in the first hour."""
    for day, key, customer, quantity in driver.rows:
        if not driver.covered:
            yield str(day), customer, f"{quantity:f}", key or ""
        for hour in range(int(24 * driver.covered.get(day, 1)) if driver.covered else 0):
            yield f"{day}T{hour:02d}:00:00Z", customer, f"{quantity:f}" if not hour else "0", key or ""


def _table(rows: list[Any]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
