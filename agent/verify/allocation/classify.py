"""What every charge was recognised as: environment, customer, pool, idle, untagged, or something that follows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from agent.verify.allocation.lines import Line
from agent.verify.allocation.method import Method
from agent.verify.allocation.reading import Tree, text
from agent.verify.allocation.rules import OPEN, Rules, Subject
from agent.verify.allocation.splitting import NOTHING, Money, add, added, split, weight_of

_SPLIT, _UNUSED = "apportion:split", "unused"
"""The tag that marks what a provider's own split of a machine leaves unused."""
_INFRASTRUCTURE = "infrastructure"
Outcome = tuple[str, ...]
"""What usage became, as a key that discounts and charges are split by."""


class Place(NamedTuple):
    """Where in the bill money stands."""

    source: str
    group: str
    provider: str
    billing: str
    sub: str
    service: str
    invoice: str
    commitment: str
    day: date
    end: date
    kind: str
    currency: str


class Placement(NamedTuple):
    """What became of it.

    ``step``: direct, opex, pool, idle, untagged, unallocated, balance_sheet, follow or commitment, which follow.
    """

    step: str
    customer: str = ""
    pool: str = ""
    function: str = ""
    reason: str = ""
    part: str = ""

    @property
    def outcome(self) -> Outcome:
        """The key of it; every part of text in its order."""
        if self.step == "direct":
            return ("direct", self.customer)
        if self.step == "opex":
            return ("opex", self.function, self.customer)
        if self.step == "pool" and self.part:
            return ("pool", self.pool, self.part)
        return (self.step, self.pool) if self.step in ("pool", "idle") else (self.step,)

    @property
    def followed(self) -> Outcome:
        """The same as charges see it: a pool is one, with all its parts and what of it is idle."""
        if self.step == "pool":
            return ("pool", self.pool)
        if self.step == "idle":
            return ("pool", self.pool) if self.pool else ("idle",)
        return self.outcome


Classified = dict[tuple[Place, Placement], Money]


class _Known(NamedTuple):
    """A line once the rules have been asked; equal ones are one."""

    place: Place
    resource: str
    tax_type: str
    issuer: str
    customer: str
    reason: str
    side: str
    function: str
    pool: str
    part: str
    unused: bool


def class_of(place: Place, placement: Placement) -> str:
    """How the charge counts, whatever becomes of it."""
    if placement.step == "unallocated":
        return "unallocated"
    if place.group != _INFRASTRUCTURE:
        return "vendor"
    if placement.step == "idle":
        return "idle"
    if place.kind not in OPEN:
        return "charge"
    return "shared" if placement.step == "pool" else placement.step


class Classifier:
    """Classifies the lines of a month."""

    def __init__(self, method: Method, rules: Rules, tags: Mapping[str, Mapping[str, str]]) -> None:
        self._method = method
        self._rules = rules
        self._unused = {known for known, held in tags.items() if held.get(_SPLIT) == _UNUSED}

    def classified(self, lines: Iterator[tuple[Line, bool, Money]], groups: Mapping[str, str]) -> Classified:
        """All money by place and placement. ``groups``: cost group by source."""
        known: dict[_Known, Money] = {}
        for line, named, money in lines:
            add(known, self._ask(line, groups.get(line.source, _INFRASTRUCTURE), named=named), money)
        placed = list(self._placed(known))
        sums: Classified = {}
        for place, placement, money in [*self._discounted(placed), *self._charged(known, placed)]:
            add(sums, (place, placement), money)
        return sums

    def _ask(self, line: Line, group: str, *, named: bool) -> _Known:
        said = self._rules.say(
            Subject(
                *(line.kind, line.source, line.provider, line.billing, line.sub, line.service),
                *(line.region, line.resource, line.resource_name, line.tag_set, self._rules.span(line.day)),
            )
        )
        taxed = line.kind == "tax"
        return _Known(
            place=Place(
                *(line.source, group, line.provider, line.billing, line.sub, line.service, line.invoice),
                *(line.commitment, line.day, line.end, line.kind, line.currency),
            ),
            resource=line.resource if named else "",
            tax_type=line.tax_type if taxed else "",
            issuer=line.issuer if taxed else "",
            customer=said.customer,
            reason=said.reason,
            side=said.side if line.kind in ("usage", "discount") else "cogs",
            function=said.function,
            pool=said.pool,
            part=said.part,
            unused=line.kind in OPEN and line.tag_set in self._unused,
        )

    def _placed(self, known: Mapping[_Known, Money]) -> Iterator[tuple[_Known, Placement, Money]]:
        """Usage, discounts and marketplace by their rules."""
        sides: dict[str, Money] = {}
        for line, money in known.items():
            if line.place.kind in ("usage", "discount") and line.side:
                add(sides, line.side, money)
        weights = {side: weight_of(money.effective) for side, money in sides.items()}
        weights = weights if any(weights.values()) else {"cogs": 1}
        default = self._method.default_side
        for line, money in known.items():
            if line.place.kind not in OPEN:
                continue
            if line.side or default != "pro_rata":
                yield line, self._placement(line, line.side or default), money
                continue
            for side, part in split(money, weights).items():
                yield line, self._placement(line, side), part

    def _placement(self, line: _Known, side: str) -> Placement:
        if side == "opex" and (not line.customer or self._method.nonproduction == "opex"):
            return Placement("opex", line.customer or "@opex", function=(line.function if line.side else "") or "rnd")
        if line.unused:
            return Placement("idle", pool=line.pool)
        if line.customer:
            return Placement("direct", line.customer)
        if line.pool:
            return Placement("pool", pool=line.pool, part=line.part)
        return Placement("untagged", reason=line.reason)

    def _discounted(
        self, placed: Sequence[tuple[_Known, Placement, Money]]
    ) -> Iterator[tuple[Place, Placement, Money]]:
        """A discount that names no customer reduces what the usage it belongs to became."""
        waiting: dict[_Known, Money] = {}
        own: dict[_Known, list[tuple[Placement, Money]]] = {}
        for line, placement, money in placed:
            if line.place.kind == "discount" and not line.customer and not line.unused:
                add(waiting, line, money)
                own.setdefault(line, []).append((placement, money))
            else:
                yield line.place, placement, money
        reduced = _Reduced(placed) if waiting else None
        for line, money in waiting.items():
            weights = reduced.of(line) if reduced is not None else {}
            if not weights:
                yield from ((line.place, placement, part) for placement, part in own[line])
                continue
            for outcome, part in split(money, weights).items():
                yield line.place, _from_outcome(outcome), part

    def _charged(
        self, known: Mapping[_Known, Money], placed: Sequence[tuple[_Known, Placement, Money]]
    ) -> Iterator[tuple[Place, Placement, Money]]:
        """Everything else: its own customer, its resource's, a pool, or what the settings say."""
        owners = _owners(placed)
        for line, money in known.items():
            if line.place.kind == "rounding":
                yield line.place, Placement("unallocated", "@unallocated", reason="rounding"), money
            elif line.place.kind not in OPEN:
                for back, part in self._recovered(line, money).items():
                    yield line.place, back or self._charge(line, owners), part

    def _recovered(self, line: _Known, money: Money) -> dict[Placement | None, Money]:
        """The part of a tax that comes back, and under None what is cost."""
        rule = next(
            (rule for rule in self._method.recoverable if line.place.kind == "tax" and _taxes(rule, line)), None
        )
        if rule is None:
            return {None: money}
        part, of = Decimal(text(rule, "rate", "1")).as_integer_ratio()
        back = Placement("balance_sheet", "@balance_sheet", reason="recoverable-tax")
        shares = split(money, {"balance_sheet": part, "cost": of - part})
        return {back if key == "balance_sheet" else None: share for key, share in shares.items()}

    def _charge(self, line: _Known, owners: Mapping[tuple[str, str], Placement]) -> Placement:
        if line.customer:
            return Placement("direct", line.customer)
        if line.resource and (owner := owners.get((line.place.source, line.resource))) is not None:
            return owner
        if line.pool:
            return Placement("pool", pool=line.pool, part=line.part)
        if line.place.kind in ("commitment_unused", "commitment_purchase"):
            return Placement("idle" if line.place.kind == "commitment_unused" else "commitment")
        setting = self._method.charges["refund" if line.place.kind == "correction" else line.place.kind]
        if setting == "corporate":
            return Placement("opex", "@opex", function="ga")
        to, _, pool = setting.partition(":")
        return Placement("pool", pool=pool, part=line.part) if to == "pool" else Placement("follow")


def _taxes(rule: Tree, line: _Known) -> bool:
    issuer, account = text(rule, "issuer"), text(rule, "account")
    return (
        (not text(rule, "type") or text(rule, "type").casefold() == line.tax_type.casefold())
        and (not issuer or issuer.casefold() == line.issuer.casefold())
        and (not account or account in (line.place.sub, line.place.billing))
    )


def _from_outcome(outcome: Outcome) -> Placement:
    match outcome:
        case ("direct", customer):
            return Placement("direct", customer)
        case ("opex", function, customer):
            return Placement("opex", customer, function=function)
        case ("pool", pool, part):
            return Placement("pool", pool=pool, part=part)
        case (step, pool):
            return Placement(step, pool=pool)
    return Placement("untagged", reason="discount-of-untagged")


class _Reduced:
    """The usage that discounts find: of their resource that day, of it in the month, beside them that day."""

    def __init__(self, placed: Sequence[tuple[_Known, Placement, Money]]) -> None:
        self._found: dict[tuple[object, ...], dict[Outcome, Money]] = {}
        for line, placement, money in placed:
            if line.place.kind == "usage":
                for key in self._keys(line):
                    add(self._found.setdefault(key, {}), placement.outcome, money)

    def of(self, discount: _Known) -> dict[Outcome, int]:
        """Weights by outcome; none where no usage of any weight is found."""
        for key in self._keys(discount):
            weights = {outcome: weight_of(money.effective) for outcome, money in self._found.get(key, {}).items()}
            if any(weights.values()):
                return weights
        return {}

    @staticmethod
    def _keys(line: _Known) -> list[tuple[object, ...]]:
        place = line.place
        named = [("that day", place.source, line.resource, place.day), ("in the month", place.source, line.resource)]
        return [*(named if line.resource else []), ("beside", place.source, place.sub, place.service, place.day)]


def _owners(placed: Sequence[tuple[_Known, Placement, Money]]) -> dict[tuple[str, str], Placement]:
    """Resources all of whose usage became one customer's cost, or one's non-production."""
    seen: dict[tuple[str, str], dict[Outcome, Placement]] = {}
    for line, placement, _ in placed:
        if line.place.kind == "usage" and line.resource:
            seen.setdefault((line.place.source, line.resource), {})[placement.outcome] = placement
    single = {key: next(iter(found.values())) for key, found in seen.items() if len(found) == 1}
    return {key: placement for key, placement in single.items() if placement.step in ("direct", "opex")}


def direct_cost(classified: Classified, through: date) -> dict[str, Money]:
    """Direct cost of infrastructure by customer, through the last day that counts."""
    return added(
        (placement.customer, money)
        for (place, placement), money in classified.items()
        if place.day <= through and class_of(place, placement) == "direct"
    )


def development_cost(classified: Classified, through: date) -> Money:
    """Infrastructure that is not production, through the last day that counts."""
    whole = NOTHING
    for (place, placement), money in classified.items():
        if place.day <= through and class_of(place, placement) == "opex":
            whole = whole.plus(money)
    return whole
