"""What decides the figures beside the data, as one canonical document, and its fingerprint (ALLOCATION 6).

Comments, the order of keys, the spelling of a number and a default that is written out make no difference. A list of
rules keeps its order, because the first match wins; a list that means "any of" does not.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agent.config.allocation import AllocationFile, Environment, Pool
from agent.config.application import SourceConfig
from agent.config.loading import Settings
from agent.config.usage import REACHED_BY, OpencostUsage, UsageConfig
from agent.period import Period
from policies.policy import PolicyFile, TagKeys
from policies.rules import Match, Population, Text
from policies.strict import Strict
from policies.tags import fold_value

SEMANTICS = 1
"""The version of the allocation itself: raised when the same facts would give other figures than before."""
METRIC = "EffectiveCost"
"""The metric that cost per customer is told in."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Methodology:
    """The method in force: its name in allocation.yaml (empty where it has none), and what it says."""

    id: str
    document: Json

    @property
    def fingerprint(self) -> str:
        """sha256 of the canonical document, in hex."""
        return hashlib.sha256(canonical_text(self.document).encode()).hexdigest()


def methodology(settings: Settings, period: Period) -> Methodology:
    """The method that the configuration describes for ``period``."""
    rules, policy = settings.allocation(period), settings.policy()
    named = rules.methodology
    return Methodology(named.id if named is not None else "", _document(settings, rules, policy))


def canonical_text(document: object) -> str:
    """JSON with sorted keys and no spaces: equal documents have equal texts."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _document(settings: Settings, rules: AllocationFile, policy: PolicyFile) -> Json:
    app = settings.app
    used = _drivers(rules.pools)
    columns = {source.name: _columns(settings, source) for source in app.sources}
    return {
        "semantics": SEMANTICS,
        "metric": METRIC,
        "fx": None,
        "currency": app.currency,
        "allocation": {
            "environment": _environment(rules.environment),
            **{key: value for key, value in _said(rules).items() if key not in ("version", "methodology")},
        },
        "keys": _keys(rules, policy),
        "drivers": {d.name: _driver(d) for d in app.usage if d.name in used},
        "sources": {
            s.name: {"kind": s.kind, "cogs": s.cogs, "dataset": s.dataset, "columns": columns[s.name]}
            for s in app.sources
        },
    }


def _driver(driver: UsageConfig) -> Json:
    """How a driver measures, not where its files lie or how its server is reached."""
    said = {key: value for key, value in _said(driver).items() if key not in REACHED_BY}
    measured: Json = {"kind": driver.kind, "interval": driver.interval, **said}
    if isinstance(driver, OpencostUsage):
        measured["without"] = sorted(set(driver.without))
    return measured


def _drivers(pools: Iterable[Pool]) -> frozenset[str]:
    return frozenset(name for pool in pools for name in pool.drivers_used)


def _columns(settings: Settings, source: SourceConfig) -> str | None:
    """The sha256 of a source's column map; None where it has none, or there is none to be read."""
    file = settings.resolve(source.columns) if source.columns else None
    return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else None


def _keys(rules: AllocationFile, policy: PolicyFile) -> Json:
    """The spellings of every tag key that a rule or pool looks at."""
    rule_keys = [rule.tag for rule in (*rules.customer, *rules.environment.rules) if rule.tag is not None]
    keys = {*rule_keys, *(key for pool in rules.pools for key in pool.match.tags)}
    known = TagKeys(policy)
    return {key: sorted({fold_value(spelled) for spelled in known.resolve(key).spellings}) for key in sorted(keys)}


def _canonical(value: object) -> Any:
    match value:
        case Match() | Population():
            return {key: _condition(key, given) for key, given in _set(value).items()}
        case Strict():
            return _environment(value) if isinstance(value, Environment) else _said(value)
        case dict():
            return {str(key): _canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [_canonical(item) for item in value]
    return _plain(value)


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
    return value


def _condition(key: str, given: Any) -> Any:
    """A condition of a match: any of its values; a pattern and a day are one each."""
    if isinstance(given, date):
        return given.isoformat()
    return [given] if key == "resource" else _any_of(given)


def _set(model: Strict) -> dict[str, Any]:
    """The fields of a model that differ from their defaults, by the name they have in the file."""
    fields = type(model).model_fields
    found = {field.alias or name: (getattr(model, name), field) for name, field in fields.items()}
    default = {key: field.get_default(call_default_factory=True) for key, (_, field) in found.items()}
    return {key: value for key, (value, _) in found.items() if value != default[key]}


def _said(model: Strict) -> Json:
    said = {key: _canonical(value) for key, value in _set(model).items()}
    if isinstance(model, AllocationFile) and "shared_values" in said:
        said["shared_values"] = sorted(map(fold_value, model.shared_values))
    return said


def _any_of(given: Text | Mapping[str, Text]) -> Any:
    if isinstance(given, Mapping):
        return {key: _any_of(texts) for key, texts in given.items()}
    return sorted({fold_value(text) for text in ([given] if isinstance(given, str) else given)})


def _environment(environment: Environment) -> Json:
    values = [(v, "rnd") if isinstance(v, str) else (v.value, v.function) for v in environment.opex]
    opex = {fold_value(value): function for value, function in values}
    return {
        "rules": [_canonical(rule) for rule in environment.rules],
        "cogs": sorted(map(fold_value, environment.cogs)),
        "opex": opex,
        "default": environment.default,
    }
