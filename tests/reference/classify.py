"""Kind, environment, direct and shared: what each charge is, before any of it is spread over customers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from agent.config.allocation import RecoverableTax, TagKeyOf
from tests.reference.records import Company, Money, Place, Placement, Row
from tests.reference.rules import Found, Rules, customer_judge, environment_judge, fold
from tests.reference.split import added, money_weight, split

USAGE = ("usage", "discount", "marketplace")
WITH_ENVIRONMENT = ("usage", "discount")

Classified = dict[tuple[Place, Placement, str], Money]
"""(place, placement, class) -> money."""


@dataclass(frozen=True, slots=True)
class Line:
    """What rules say of a charge; ``resource`` is kept where a charge or discount names it."""

    place: Place
    resource: str | None
    tax_type: str | None
    issuer: str | None
    customer: str | None
    reason: str | None
    side: str | None
    function: str | None
    pool: str | None
    part: str | None
    """Of the pool that matches, or that the charge's kind is sent to."""
    unused: bool = False
    """Capacity that the provider's own split of a machine leaves to nobody."""


class Classifier:
    """The first passes over one company's bill."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._settings = company.allocation
        self._rules = Rules(company.policy)
        ids = [customer.id for customer in company.customers]
        self._customers = customer_judge(ids, self._settings.shared_values)
        self._environments = environment_judge(self._settings.environment)
        charges = (row for row in company.rows if row.kind not in ("usage", "marketplace", "rounding"))
        self._named = {(row.source, row.resource) for row in charges}

    def classified(self) -> Classified:
        """All money by place, placement and class."""
        lines = added((self._line(row), Money(row.billed, row.effective)) for row in self._company.rows)
        placed = list(self._placed(lines))
        usage = list(self._discounts_placed(placed))
        charges = self._charges(lines, placed)
        rounding = (
            (line.place, Placement("unallocated", "@unallocated", reason="rounding"), money)
            for line, money in lines.items()
            if line.place.kind == "rounding"
        )
        everything = [*usage, *charges, *rounding]
        return added(((place, placement, _class(place, placement)), money) for place, placement, money in everything)

    # Recognition

    def _line(self, row: Row) -> Line:
        owner = self._owner(row)
        side, function = self._environment(row)
        if row.kind not in WITH_ENVIRONMENT:
            side = "cogs"
        tax = row.kind == "tax"
        pool = next((pool.name for pool in self._settings.pools if self._rules.matches(pool.match, row)), None)
        place = Place(
            *(row.source, row.group, row.kind, row.start, row.end, row.currency),
            *(row.provider, row.billing, row.sub, row.service, row.invoice, row.commitment),
        )
        return Line(
            place=place,
            resource=row.resource if (row.source, row.resource) in self._named else None,
            tax_type=row.tax_type if tax else None,
            issuer=row.issuer if tax else None,
            customer=self._company.heir(str(owner.meaning), row.start) if owner.state == "known" else None,
            reason=_reason(owner),
            side=side,
            function=function,
            pool=pool,
            part=self._part(row, pool or self._sent_to(row.kind)),
            unused=row.kind in USAGE and row.tags.get("apportion:split") == "unused",
        )

    def _sent_to(self, kind: str) -> str | None:
        setting = str(getattr(self._settings.charges, "refund" if kind == "correction" else kind, ""))
        return setting.removeprefix("pool:") if setting.startswith("pool:") else None

    def _part(self, row: Row, name: str | None) -> str | None:
        """What the pool is split by first, as the bill says it; None for a pool that is not."""
        by = next((pool.by for pool in self._settings.pools if pool.name == name), None)
        if by is None:
            return None
        if isinstance(by, TagKeyOf):
            found = {fold(text) for text in self._rules.raw_values(row, by.tag)}
        else:
            found = {fold({"region": row.region, "account": row.sub, "service": row.service}.get(by, row.source) or "")}
        named = found - {""}
        return named.pop() if len(named) == 1 else "@unknown"

    def _owner(self, row: Row) -> Found:
        seen = row.kind in USAGE
        return self._rules.first_match(self._settings.customer, row, self._customers, maps=seen)

    def _environment(self, row: Row) -> tuple[str | None, str | None]:
        found = self._rules.first_match(self._settings.environment.rules, row, self._environments)
        if found.state != "known" or not isinstance(found.meaning, tuple):
            return None, None
        return found.meaning

    # Usage, discounts and marketplace

    def _placed(self, lines: Mapping[Line, Money]) -> Iterator[tuple[Line, Placement, Money]]:
        weights = self._known_sides(lines)
        for line, money in lines.items():
            if line.place.kind not in USAGE:
                continue
            for side, part in self._sides(line, money, weights).items():
                yield line, self._placement(line, side), part

    def _known_sides(self, lines: Mapping[Line, Money]) -> dict[str, int]:
        known = added(
            (line.side, money)
            for line, money in lines.items()
            if line.place.kind in WITH_ENVIRONMENT and line.side is not None
        )
        weights = {str(side): money_weight(money.effective) for side, money in known.items()}
        return weights if any(weights.values()) else {"cogs": 1}

    def _sides(self, line: Line, money: Money, weights: Mapping[str, int]) -> dict[str, Money]:
        default = self._settings.environment.default
        if line.side is not None or default != "pro_rata":
            return {line.side or default: money}
        return split(money, weights)

    def _placement(self, line: Line, side: str) -> Placement:
        if side == "opex" and (line.customer is None or self._settings.customer_nonprod == "opex"):
            return Placement("opex", line.customer or "@opex", function=line.function or "rnd")
        if line.unused:
            return Placement("idle", pool=line.pool)
        if line.customer is not None:
            return Placement("direct", line.customer)
        if line.pool is not None:
            return Placement("pool", pool=line.pool, part=line.part)
        return Placement("untagged", reason=line.reason)

    def _discounts_placed(
        self, placed: list[tuple[Line, Placement, Money]]
    ) -> Iterator[tuple[Place, Placement, Money]]:
        """Discounts without a customer reduce what the usage they belong to became."""
        usage = [(line, placement, money) for line, placement, money in placed if line.place.kind == "usage"]
        pending: dict[Line, Money] = {}
        for line, placement, money in placed:
            lost = line.place.kind == "discount" and line.customer is None and not line.unused
            if lost and any(self._reduced(line, usage).values()):
                pending[line] = pending.get(line, Money()) + money
            else:
                yield line.place, placement, money
        outcomes = {placement.outcome: placement for _, placement, _ in placed}
        for line, money in pending.items():
            for outcome, part in split(money, self._reduced(line, usage)).items():
                placement = outcomes[outcome]
                if placement.step == "untagged":
                    placement = replace(placement, reason="discount-of-untagged")
                yield line.place, placement, part

    def _reduced(self, discount: Line, usage: list[tuple[Line, Placement, Money]]) -> dict[str, int]:
        place = discount.place
        own = [(line, p, m) for line, p, m in usage if line.place.source == place.source]
        same = [(line, p, m) for line, p, m in own if discount.resource and line.resource == discount.resource]
        where = (place.sub, place.service, place.day)
        beside = [(line, p, m) for line, p, m in own if (line.place.sub, line.place.service, line.place.day) == where]
        found = ([row for row in same if row[0].place.day == place.day], same, beside)
        steps = [_weights((p, m) for _, p, m in rows) for rows in found]
        return next((weights for weights in steps if any(weights.values())), {})

    # Charges

    def _charges(
        self, lines: Mapping[Line, Money], placed: list[tuple[Line, Placement, Money]]
    ) -> Iterator[tuple[Place, Placement, Money]]:
        owners = _resource_owners(placed)
        for line, money in lines.items():
            if line.place.kind in (*USAGE, "rounding"):
                continue
            rate = self._recoverable(line)
            if rate is None:
                yield line.place, self._charge(line, owners), money
                continue
            weights = {"balance_sheet": rate.numerator, "cost": rate.denominator - rate.numerator}
            for key, part in split(money, weights).items():
                back = Placement("balance_sheet", "@balance_sheet", reason="recoverable-tax")
                yield line.place, back if key == "balance_sheet" else self._charge(line, owners), part

    def _charge(self, line: Line, owners: Mapping[tuple[str, str], Placement]) -> Placement:
        if line.customer is not None:
            return Placement("direct", line.customer)
        if line.resource is not None and (owner := owners.get((line.place.source, line.resource))):
            return owner
        if line.pool is not None:
            return Placement("pool", pool=line.pool, part=line.part)
        match line.place.kind:
            case "commitment_unused":
                return Placement("idle")
            case "commitment_purchase":
                return Placement("commitment")
            case kind:
                return self._setting("refund" if kind == "correction" else kind, line.part)

    def _setting(self, kind: str, part: str | None) -> Placement:
        setting = str(getattr(self._settings.charges, kind))
        if setting == "corporate":
            return Placement("opex", "@opex", function="ga")
        if setting.startswith("pool:"):
            return Placement("pool", pool=setting.removeprefix("pool:"), part=part)
        return Placement("follow")

    def _recoverable(self, line: Line) -> "Rate | None":
        if line.place.kind != "tax":
            return None
        for rule in self._settings.recoverable_tax or ():
            if _is_for(rule, line):
                return Rate.of(rule.rate)
        return None


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction in integers."""

    numerator: int
    denominator: int

    @classmethod
    def of(cls, rate: Decimal) -> "Rate":
        return cls(*rate.as_integer_ratio())


def _is_for(rule: RecoverableTax, line: Line) -> bool:
    return (
        (rule.type is None or fold(rule.type) == fold(line.tax_type or ""))
        and (rule.issuer is None or fold(rule.issuer) == fold(line.issuer or ""))
        and (rule.account is None or rule.account in (line.place.billing, line.place.sub))
    )


def _weights(outcomes: Iterator[tuple[Placement, Money]]) -> dict[str, int]:
    sums = added((placement.outcome, money) for placement, money in outcomes)
    return {outcome: money_weight(money.effective) for outcome, money in sums.items()}


def _resource_owners(placed: list[tuple[Line, Placement, Money]]) -> dict[tuple[str, str], Placement]:
    """Resources all of whose usage went to one customer, or to one customer's (or nobody's) non-production."""
    seen: dict[tuple[str, str], set[str]] = {}
    owner: dict[tuple[str, str], Placement] = {}
    for line, placement, _ in placed:
        if line.place.kind == "usage" and line.resource is not None:
            key = (line.place.source, line.resource)
            seen.setdefault(key, set()).add(placement.outcome)
            owner[key] = placement
    return {key: owner[key] for key, outcomes in seen.items() if len(outcomes) == 1 and owner[key].step in OWNED}


OWNED = ("direct", "opex")


def _reason(owner: Found) -> str | None:
    match owner.state:
        case "known":
            return None
        case "unknown":
            return f"unknown-customer:{owner.text}"
        case "conflict":
            return "conflicting-tags"
        case "shared":
            return "shared-value"
    return "no-tag"


def _class(place: Place, placement: Placement) -> str:
    if placement.step == "unallocated":
        return "unallocated"
    if place.group != "infrastructure":
        return "vendor"
    if placement.step == "idle":
        return "idle"
    if place.kind not in USAGE:
        return "charge"
    return "shared" if placement.step == "pool" else placement.step
