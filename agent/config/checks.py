"""Checks that need more than one value, or more than one file: what is named in one place exists in another."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.config.allocation import AllocationFile, Pool
from agent.config.application import ApplicationFile
from agent.period import Period
from policies.environments import EnvironmentRules
from policies.faults import Fault
from policies.nearest import did_you_mean
from policies.policy import PolicyFile
from policies.registry import Registry
from policies.rules import Rule, Text
from policies.source import Document
from policies.strict import Steps
from policies.tags import fold_value

Mistake = tuple[Steps, str]
_SERVICES = {"bigquery://": "gcp", "https://": "digitalocean", "http://": "digitalocean"}
"""Locations that are asked, and the kind of source that asks there."""
_OBJECT_STORES = ("s3://", "gs://", "az://")


@dataclass(frozen=True, slots=True)
class Files:
    """The configuration, file by file, each free of mistakes of its own. ``registry`` None: not known."""

    app: Document[ApplicationFile]
    policy: Document[PolicyFile]
    allocation: Document[AllocationFile]
    registry: Registry | None


def application_faults(app: Document[ApplicationFile], root: Path) -> list[Fault]:
    """Mistakes within apportion.yaml that no single value shows."""
    value = app.value
    mistakes: list[Mistake] = [
        *_twice("sources", [source.name for source in value.sources], "name"),
        *_twice("usage", [driver.name for driver in value.usage], "name"),
        *_twice("inventories", [inventory.name for inventory in value.inventories], "name"),
        *_twice("sources", [str((root / source.location).resolve()) for source in value.sources], "location"),
        *_unsupported(value),
        *_keys_of_kinds(value, root),
        *_timezone(value.schedule.timezone),
    ]
    return [app.fault(message, *steps) for steps, message in mistakes]


def _twice(key: str, values: Sequence[str], what: str) -> Iterator[Mistake]:
    for at, value in enumerate(values):
        if value in values[:at]:
            yield (key, at, what), f"{key}[{at}].{what} is that of {key}[{values.index(value)}], too"


def _unsupported(app: ApplicationFile) -> Iterator[Mistake]:
    if app.data.startswith(_OBJECT_STORES):
        yield ("data",), f"data: object stores are not supported yet; expected a folder, found {app.data!r}"


def _keys_of_kinds(app: ApplicationFile, root: Path) -> Iterator[Mistake]:
    """Keys of a source that only some kinds understand, and the file that one of them names."""
    for at, source in enumerate(app.sources):
        shown = f"sources[{at}]"
        if source.kind == "csv" and source.columns is None:
            yield ("sources", at, "kind"), f"{shown}: kind csv needs columns, the file that maps its columns"
        if source.kind != "csv" and source.columns is not None:
            yield ("sources", at, "columns"), f"{shown}.columns goes with kind csv, not {source.kind}"
        elif source.columns is not None and not (root / source.columns).is_file():
            yield ("sources", at, "columns"), f"{shown}.columns: there is no file {source.columns!r}"
        if source.kind != "azure" and source.dataset is not None:
            yield ("sources", at, "dataset"), f"{shown}.dataset goes with kind azure, not {source.kind}"
        asked = next((kind for scheme, kind in _SERVICES.items() if source.location.startswith(scheme)), source.kind)
        if source.kind != asked:
            yield ("sources", at, "location"), f"{shown}.location: a service of kind {asked}, not {source.kind}"


def _timezone(name: str) -> Iterator[Mistake]:
    if name == "UTC":  # needs no time zone data, which a small image may lack
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("schedule", "timezone"), f"schedule.timezone: {name!r} is not a time zone such as Europe/Paris"


def cross_faults(files: Files) -> list[Fault]:
    """What allocation.yaml names and the other files lack, and what policy.yaml does."""
    rules = files.allocation.value
    drivers = [driver.name for driver in files.app.value.usage]
    mistakes = [*_methodology(rules), *_drivers(rules.pools, drivers), *_environments(rules)]
    if files.registry is not None:
        mistakes += [*_customers(rules, files.registry), *_pool_customers(rules.pools, files.registry)]
    faults = [files.allocation.fault(f"{message}", *steps) for steps, message in mistakes]
    if files.app.value.customers is None:
        faults += [
            files.policy.fault("values.known: customers needs the key 'customers' in apportion.yaml", *steps)
            for steps in _known_customers(files.policy.value)
        ]
    return faults


def version_faults(versions: Sequence[Document[AllocationFile]]) -> list[Fault]:
    """Where a folder holds the versions of the method: each says which it is and when it begins, as no other does."""
    faults = [
        version.fault("methodology: a version in a folder needs {id, from}: its name and its first month")
        for version in versions
        if version.value.methodology is None
    ]
    for key in ("id", "from"):
        first: dict[str, Document[AllocationFile]] = {}
        for version in versions:
            named = version.value.methodology
            if named is None:
                continue
            value = named.id if key == "id" else named.from_
            other = first.setdefault(value, version)
            if other is not version:
                place = f"{other.name}:{other.line('methodology', key)}"
                message = f"methodology.{key}: {value!r} is that of {place}, too"
                faults.append(version.fault(message, "methodology", key))
    return faults


def _known_customers(policy: PolicyFile) -> Iterator[Steps]:
    for at, tag in enumerate(policy.tags):
        if tag.values is not None and tag.values.known is not None:
            yield "tags", at, "values", "known"


def _methodology(rules: AllocationFile) -> Iterator[Mistake]:
    if rules.methodology is not None:
        try:
            Period.parse(rules.methodology.from_)
        except ValueError as error:
            yield ("methodology", "from"), f"methodology.from: {error}"


def _drivers(pools: Sequence[Pool], drivers: Sequence[str]) -> Iterator[Mistake]:
    for at, pool in enumerate(pools):
        for steps, driver in _named_drivers(pool):
            if driver is not None and driver not in drivers:
                hint = did_you_mean(driver, drivers)
                yield ("pools", at, *steps), f"pool {pool.name!r}: usage has no driver {driver!r}{hint}"


def _named_drivers(pool: Pool) -> Iterator[tuple[Steps, str | None]]:
    """Every place of a pool that names a driver."""
    yield ("driver",), pool.driver
    if pool.capacity is not None:
        yield ("capacity", "driver"), pool.capacity.driver
    if pool.sample is not None:
        yield ("sample", "live"), pool.sample.live
    for number, blend in enumerate(pool.drivers):
        yield ("drivers", number, "driver"), blend.driver
        if blend.capacity is not None:
            yield ("drivers", number, "capacity", "driver"), blend.capacity.driver


def _environments(rules: AllocationFile) -> Iterator[Mistake]:
    environment = rules.environment
    opex = {value if isinstance(value, str) else value.value: "rnd" for value in environment.opex}
    known = EnvironmentRules(cogs=frozenset(environment.cogs), opex=opex).booked()
    for at, rule in enumerate(environment.rules):
        for steps, target in _targets(rule):
            if fold_value(target) not in known:
                hint = did_you_mean(target, known)
                yield ("environment", "rules", at, *steps), f"{target!r} is listed neither under cogs nor opex{hint}"


def _targets(rule: Rule) -> Iterator[tuple[Steps, str]]:
    for name, mapping in (("values", rule.values), ("account", rule.account), ("service", rule.service)):
        for key, target in (mapping or {}).items():
            yield (name, key), target


def _customers(rules: AllocationFile, registry: Registry) -> Iterator[Mistake]:
    shared = set(map(fold_value, rules.shared_values))
    for at, value in enumerate(rules.shared_values):
        if registry.fold(value) is not None:
            yield ("shared_values", at), f"shared value {value!r} is a customer's id, too"
    for at, rule in enumerate(rules.customer):
        for steps, target in _targets(rule):
            if registry.fold(target) is None and fold_value(target) not in shared:
                yield ("customer", at, *steps), _no_customer(target, registry)


def _pool_customers(pools: Sequence[Pool], registry: Registry) -> Iterator[Mistake]:
    for at, pool in enumerate(pools):
        seen: set[str] = set()
        for share in pool.shares:
            customer = registry.fold(share) or share
            if customer in seen:
                yield ("pools", at, "shares", share), f"pool {pool.name!r}: {customer!r} has a share already"
            elif registry.fold(share) is None and share != "@opex":
                yield ("pools", at, "shares", share), f"pool {pool.name!r}: {_no_customer(share, registry)}"
            seen.add(customer)
        for steps, known in _each(pool.customers.id if pool.customers is not None else None):
            if registry.fold(known) is None:
                yield ("pools", at, "customers", "id", *steps), f"pool {pool.name!r}: {_no_customer(known, registry)}"


def _each(texts: Text | None) -> Iterable[tuple[Steps, str]]:
    if texts is None or isinstance(texts, str):
        return [((), texts)] if texts is not None else []
    return [((at,), text) for at, text in enumerate(texts)]


def _no_customer(value: str, registry: Registry) -> str:
    near = registry.nearest(value)
    return f"{value!r} is no id in customers.csv" + (f"; did you mean {near!r}?" if near is not None else "")
