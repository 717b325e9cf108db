"""Companies for corners that chance seldom reaches."""

from tests.reference.building import company, customer, driver, row

TAGGED_UNUSED = company(
    [
        row("60", tenant="beta", commitment="sp"),
        row("40", tenant="acme", kind="commitment_unused", commitment="sp"),
        row("0", kind="commitment_purchase", billed="100", commitment="sp"),
        row("10", kind="tax"),
    ]
)
DIRECTED = {
    "no provider, no account, scope account": company(
        [
            row("60", tenant="beta", provider=None),
            row("40", tenant="acme"),
            row("10", provider=None),
            row("5", sub=None),
        ],
        untagged={"scope": "account"},
    ),
    "a fixed pool with a population": company(
        [row("60", service="x")],
        [customer("acme", tier="gold"), customer("beta", tier="b")],
        pools=[
            {
                "name": "p",
                "match": {"service": "x"},
                "method": "fixed",
                "shares": {"ACME": "50", "beta": "20"},
                "customers": {"tier": "gold"},
            }
        ],
    ),
    "corrections with and without a customer": company(
        [row("60", tenant="beta"), row("-5", kind="correction"), row("-6", kind="correction", tenant="acme")]
    ),
    "charges on a resource": company(
        [
            row("60", tenant="beta", resource="vm"),
            row("5", kind="fee", resource="vm"),
            row("3", kind="credit", resource="vm", sub="z"),
        ]
    ),
    "marketplace takes no environment": company(
        [
            row("60", tenant="beta"),
            row("5", kind="marketplace", env="dev"),
            row("5", kind="marketplace", env="dev", tenant="acme"),
        ]
    ),
    "pool names of one beginning": company(
        [row("60", tenant="beta"), row("5", service="s1"), row("7", service="s2"), row("9", kind="tax")],
        pools=[
            {"name": "a/b", "match": {"service": "s1"}, "method": "even"},
            {"name": "a", "match": {"service": "s2"}, "method": "even"},
        ],
    ),
    "weights past their bound": company(
        [row("60.123456789", service="x")],
        drivers={"n": driver({1: {"acme": "123456789012345.678", "beta": "3"}})},
        pools=[{"name": "p", "match": {"service": "x"}, "method": "usage", "driver": "n"}],
    ),
    "a commitment used in two accounts, a fifth unused": company(
        [
            row("50", tenant="acme", sub="one", commitment="sp", billed="0"),
            row("30", service="db", sub="two", commitment="sp", billed="0"),
            row("20", kind="commitment_unused", commitment="sp", billed="0"),
            row("0", kind="commitment_purchase", commitment="sp", billed="100", sub="three"),
        ],
        pools=[{"name": "db", "match": {"service": "db"}, "method": "even"}],
    ),
    "customers whose ids sort about the separators": company(
        [row("7", service="x"), row("1", tenant="a"), row("2", tenant="a-b"), row("1", kind="tax")],
        "a a-b a/b",
        pools=[{"name": "x", "match": {"service": "x"}, "method": "even"}],
    ),
}
