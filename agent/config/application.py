"""The model of apportion.yaml: where everything is and when the agent runs."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from agent.config.usage import UsageConfig
from policies.strict import Strict

CostGroup = Literal["infrastructure", "third_party", "support"]


class StorageConfig(Strict):
    """How an object store or service is reached, where its own chain of credentials and defaults does not say."""

    region: str | None = None
    account: str | None = None
    endpoint: str | None = None
    anonymous: bool = False


class SourceConfig(Strict):
    """A billing export. ``location`` is a file or any folder at or above the export, or a service."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    kind: Literal["focus", "aws-cur", "aws-cur2", "azure", "gcp", "digitalocean", "oci", "csv"]
    location: str
    storage: StorageConfig = Field(default_factory=StorageConfig)
    dataset: Literal["actual", "amortized", "both"] | None = None
    columns: str | None = None
    cogs: CostGroup = "infrastructure"
    late_after_days: int = Field(default=3, ge=0)
    settles_after_days: int | None = Field(default=None, ge=0)


class RevenueConfig(Strict):
    """Revenue by customer and month. Columns ``period,customer,amount,currency``."""

    kind: Literal["csv"]
    location: str
    basis: Literal["recognised", "ratable_estimate", "invoiced"] = "recognised"


class AwsInventory(Strict):
    """AWS accounts to scan."""

    name: str
    kind: Literal["aws"]
    regions: Literal["all"] | list[str] = "all"
    accounts: Literal["organization"] | list[str] = Field(default_factory=list)
    role: str | None = None


class GcpInventory(Strict):
    """A Google Cloud organisation, folder or project to scan."""

    name: str
    kind: Literal["gcp"]
    scope: str


class AzureInventory(Strict):
    """Azure subscriptions to scan."""

    name: str
    kind: Literal["azure"]
    subscriptions: Literal["all"] | list[str] = "all"


Inventory = Annotated[AwsInventory | GcpInventory | AzureInventory, Field(discriminator="kind")]


class DuckdbEngine(Strict):
    """The engine that runs the allocation."""

    kind: Literal["duckdb"] = "duckdb"
    threads: int | None = Field(default=None, ge=1)
    memory: str | None = None


class SlackConfig(Strict):
    """Channels to post to. The token comes from SLACK_BOT_TOKEN; ``base_url`` is for tests and proxies."""

    channel: str
    alerts: str | None = None
    base_url: str = "https://slack.com/api/"


class AlertConfig(Strict):
    """Untagged spend of the period above either bound raises an alert, once per day and cause."""

    untagged_amount: Decimal | None = Field(default=None, ge=0)
    untagged_share_pct: Decimal | None = Field(default=None, ge=0, le=100)


class TargetConfig(Strict):
    """Bounds the report marks. ``growth_min_amount``: the least change of run cost that the growth flag heeds."""

    infra_margin_pct: Decimal = Decimal(60)
    infra_margin_good_pct: Decimal = Decimal(70)
    growth_min_amount: Decimal = Field(default=Decimal(50), ge=0)


class ScheduleConfig(Strict):
    """When the agent works. ``digest`` is a local time of day; ``report_day`` the day finance's report is made."""

    timezone: str = "UTC"
    digest: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    report_day: int = Field(default=5, ge=1, le=28)


class CloseConfig(Strict):
    """What closing a month demands. ``first`` is the month the books begin with; ``tolerance`` is per invoice."""

    first: str | None = Field(default=None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    unallocated_pct: Decimal = Field(default=Decimal(1), ge=0, le=100)
    tolerance: Decimal = Field(default=Decimal("0.01"), ge=0)
    fiscal_year_start: int = Field(default=1, ge=1, le=12)


class ApplicationFile(Strict):
    """apportion.yaml. Only ``version`` is required; a command that needs another key names it."""

    version: Literal["1"]
    company: str = ""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    data: str = "data"
    state: str = "sqlite:///data/state.db"
    engine: DuckdbEngine = Field(default_factory=DuckdbEngine)
    policy: str | None = None
    allocation: str | None = None
    customers: str | None = None
    invoices: str | None = None
    sources: list[SourceConfig] = Field(default_factory=list)
    usage: list[UsageConfig] = Field(default_factory=list)
    revenue: RevenueConfig | None = None
    inventories: list[Inventory] = Field(default_factory=list)
    slack: SlackConfig | None = None
    alerts: AlertConfig = Field(default_factory=AlertConfig)
    targets: TargetConfig = Field(default_factory=TargetConfig)
    schedule: ScheduleConfig = Field(default_factory=ScheduleConfig)
    close: CloseConfig = Field(default_factory=CloseConfig)
