"""JSON Schemas of the configuration files and of the findings, for editors, programs and tests: made from the models.

Those of the configuration are opened to what YAML writes.
"""

from typing import Any

from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from agent.config.columns import ColumnsFile
from policies.formats.json_report import schema as findings_schema
from policies.policy import PolicyFile
from policies.strict import Strict

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES: dict[str, type[Strict]] = {
    "apportion.yaml": ApplicationFile,
    "policy.yaml": PolicyFile,
    "allocation.yaml": AllocationFile,
    "columns.yaml": ColumnsFile,
}
_FINDINGS = "findings.json"


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each file by its usual name. An editor that reads YAML's numbers as numbers accepts them.

    ``findings.json`` is what ``lint --format json`` prints.
    """
    made = {name: _schema(name, model) for name, model in _FILES.items()}
    return made | {_FINDINGS: {"$schema": DIALECT, **findings_schema(), "title": _FINDINGS}}


def _schema(name: str, model: type[Strict]) -> dict[str, Any]:
    written: dict[str, Any] = _as_written(model.model_json_schema(mode="validation"))
    return {"$schema": DIALECT, **written, "title": name}


def _as_written(node: Any) -> Any:
    """The same schema where the loader's text may stand in YAML as a number: ``version: 1``, ``rate: 0.08``."""
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, dict):
        return node
    opened = {key: _as_written(value) for key, value in node.items()}
    if opened.get("const") == "1":
        return {key: value for key, value in opened.items() if key not in ("const", "type")} | {"enum": ["1", 1]}
    if opened.get("type") in ("string", "integer") and "enum" not in opened:
        return opened | {"type": ["string", "number"] if opened["type"] == "string" else ["integer", "string"]}
    return opened
