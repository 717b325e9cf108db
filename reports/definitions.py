"""What the labels mean, in the order a reader meets them. The long form with its sources is docs/definitions.md."""

DEFINITIONS: tuple[tuple[str, str], ...] = (
    ("Cost to serve", "Amortised (effective) cost of all paying, free and trial customers."),
    ("Fully loaded", "Cost to serve and the cost of revenue that no rule could place on a customer."),
    (
        "Average cost per active customer",
        "Cost to serve over the paying, free and trial customers that were active in the month.",
    ),
    (
        "Margin on allocated COGS",
        (
            "Revenue less the cost allocated here. It is no gross margin: cost of revenue outside these sources is not "
            "in it. Margins of groups are sums over customers with known revenue, never a mean of percentages."
        ),
    ),
    (
        "Infrastructure margin",
        "Revenue less cost without vendors and without adjustments of closed months; the targets apply to it.",
    ),
    ("Revenue", "On the basis printed beside it. A paying customer absent from the revenue file is unknown, not 0."),
    (
        "Untagged share",
        (
            "Infrastructure cost without a known customer over direct, shared, idle and untagged cost, before any "
            "of it is spread."
        ),
    ),
    ("Tag coverage by spend", "Taggable spend with a known customer or a shared value over all taggable spend."),
    (
        "Usually settled by",
        (
            "The day by which the provider usually has settled the month. Until every charge names its invoice, or the "
            "month is closed, its figures can still change, and after that day too."
        ),
    ),
    (
        "Tied to an invoice",
        (
            "The billed cost of the lines that name the invoice differs from its amount by at most 0.01, after the "
            "parts that the export does not hold (tax, support, credits), which are named."
        ),
    ),
    (
        "Commitments: difference",
        (
            "Used and unused at effective cost less what was billed for the commitment in the month. Over the "
            "commitment's life it is 0; in a month it is what was paid up front or in other months."
        ),
    ),
    ("Direct", "Cost that a customer rule (tag, account, pattern) placed on the customer."),
    ("Shared", "The customer's shares of the pools, each split by its driver."),
    ("Untagged", "The customer's share of production cost with no known customer and no pool."),
    ("Idle", "The customer's share of idle pool capacity and of unused commitments."),
    ("Charges", "Tax, support, credits, refunds and fees that follow the cost they relate to."),
    ("Vendor", "Third-party and support cost of revenue outside the cloud bill."),
    ("Prior period", "Changes of closed months, posted to this one."),
    ("Cost", "The sum of all parts. Over all rows, reserved ones included, it is the sources plus adjustments."),
    ("Cost before credits", "Cost as it would be without credits."),
    (
        "Grows faster",
        "Cost per active day grew over one point faster than revenue per active day, against the month before.",
    ),
    ("@unallocated, @opex, @balance_sheet", "Rows that are no customers and make the Cost column foot to the bill."),
    (
        "Shown cents",
        (
            "Each money column is rounded as a whole, so that its cents sum to its total; a row's parts may differ "
            "from its Cost by cents. The exact text stands beside or in the tooltip."
        ),
    ),
    (
        "What this is",
        (
            "A management allocation that supports the classification of cost of revenue; no statement of conformity "
            "with any accounting standard."
        ),
    ),
)
