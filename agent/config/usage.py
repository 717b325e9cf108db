"""The models of ``usage:`` in apportion.yaml: drivers, one model a kind.

A driver of files names a location. A live one is asked at every ingest, for the days since it was last asked and
``again_days`` before that, because samples arrive late; what it answered is kept like a file. Secrets are named by an
environment variable, never written down.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from policies.rules import Pattern
from policies.strict import Strict

ClusterQuantity = Literal[
    "TotalCost",
    "CPUCost",
    "RAMCost",
    "GPUCost",
    "PVCost",
    "NetworkCost",
    "CPUCoreHours",
    "RAMByteHours",
    "GPUHours",
    "PVByteHours",
]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable."""
Address = Annotated[str, Field(pattern=r"^https?://[^@\s]+$")]
"""An http(s) address without user or password in it."""
REACHED_BY = frozenset({
    "name", "location", "late_after_days", "since", "again_days", "timeout_seconds", "url", "url_env", "user",
    "password_env", "token_env", "headers_env", "site", "base_url", "api_key_env", "app_key_env", "role", "endpoint",
})  # fmt: skip
"""Keys that say how a driver is reached and how often it is asked, not what it measures."""


class _Driver(Strict):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    interval: Literal["day", "hour"] = "day"
    late_after_days: int = Field(default=3, ge=0)


class _Files(_Driver):
    location: str


class _Live(_Driver):
    since: date | None = None
    again_days: int = Field(default=7, ge=0, le=62)
    timeout_seconds: int = Field(default=60, ge=1, le=3600)


class CsvUsage(_Files):
    """Files with the columns ``date,customer,quantity``, and ``key`` where pools are split ``by`` something first."""

    kind: Literal["csv"]


class ParquetUsage(_Files):
    """Parquet files with the columns of kind ``csv``, or others that these name."""

    kind: Literal["parquet"]
    date_column: str = "date"
    customer_column: str = "customer"
    quantity_column: str = "quantity"
    key_column: str | None = None


class ClusterCustomer(Strict):
    """How a Kubernetes workload names its customer: by its namespace, or by a label; a pattern takes a part of it."""

    namespace: Pattern | None = None
    label: str | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.namespace is None) == (self.label is None):
            raise ValueError("expected either namespace, a pattern, or label, its name")
        if self.namespace is not None and self.pattern is not None:
            raise ValueError("pattern goes with label; namespace is a pattern itself")
        return self


class OpencostUsage(_Files):
    """OpenCost's CSV, or answers of its allocation API."""

    kind: Literal["opencost"]
    customer: ClusterCustomer
    quantity: ClusterQuantity
    without: list[str] = Field(default_factory=list)


class PrometheusUsage(_Live):
    """A Prometheus server, or one that speaks its HTTP API. Exactly one of ``counter`` and ``query``.

    ``counter``: a selector of counters; their raw samples are added up, resets included, nothing is extrapolated.
    ``query``: any expression, evaluated at the end of each interval, for gauges and recording rules; an ``increase``
    or ``rate`` in it, which extrapolates, is refused unless its selector can be read as a counter.
    """

    kind: Literal["prometheus"]
    url: Address
    counter: str | None = None
    query: str | None = None
    customer_label: str
    key_label: str | None = None
    user: str | None = None
    password_env: Variable | None = None
    token_env: Variable | None = None
    headers_env: dict[str, Variable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.counter is None) == (self.query is None):
            raise ValueError("expected either counter, a selector, or query, an expression")
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env go together")
        return self


class OpenTelemetryUsage(_Files):
    """OTLP JSON files, as the OpenTelemetry Collector's file exporter writes them.

    ``metric``: the sum of a counter or histogram, or what a histogram counted. ``span``: spans of this name, by number
    or by duration.
    """

    kind: Literal["opentelemetry"]
    metric: str | None = None
    span: str | None = None
    quantity: Literal["sum", "count", "seconds"] = "sum"
    customer_attribute: str
    key_attribute: str | None = None

    @model_validator(mode="after")
    def _one_signal(self) -> Self:
        if (self.metric is None) == (self.span is None):
            raise ValueError("expected either metric or span, a name")
        if self.span is not None and self.quantity == "sum":
            raise ValueError("spans have no sum: expected quantity: count, or seconds")
        if self.metric is not None and self.quantity == "seconds":
            raise ValueError("seconds are of spans: expected quantity: sum, or count of a histogram")
        if self.location == "received":
            raise ValueError(
                "location: received is not built yet; expected OTLP JSON files, as a collector's file exporter writes"
            )
        return self


class DatadogUsage(_Live):
    """Metrics of Datadog's query API; keys come from DD_API_KEY and DD_APP_KEY unless other variables are named."""

    kind: Literal["datadog"]
    query: str
    customer_tag: str
    key_tag: str | None = None
    site: str = Field(default="datadoghq.com", pattern=r"^[a-z0-9.-]+$")
    base_url: Address | None = None
    api_key_env: Variable = "DD_API_KEY"
    app_key_env: Variable = "DD_APP_KEY"


class CloudWatchUsage(_Live):
    """A CloudWatch metric with a dimension that names the customer; credentials by AWS's usual chain."""

    kind: Literal["cloudwatch"]
    region: str
    namespace: str
    metric: str
    customer_dimension: str
    key_dimension: str | None = None
    dimensions: dict[str, str] = Field(default_factory=dict)
    statistic: Literal["Sum", "SampleCount", "Average", "Maximum"] = "Sum"
    role: str | None = None
    endpoint: Address | None = None


class PerformanceInsightsUsage(_Live):
    """Database load by user, database or application: average active sessions times seconds, per database instance."""

    kind: Literal["performance-insights"]
    region: str
    resources: list[str] = Field(min_length=1)
    customer_from: Literal["db.user", "db.name", "db.application", "db.host"] = "db.user"
    pattern: Pattern | None = None
    role: str | None = None
    endpoint: Address | None = None


class SqlUsage(_Live):
    """One SELECT of any SQLAlchemy URL: columns ``date`` (or a timestamp), ``customer``, ``quantity``, perhaps ``key``.

    ``:first`` and ``:last`` are the first and last day asked for. The URL is in an environment variable where it needs
    a password.
    """

    kind: Literal["sql"]
    url: str | None = None
    url_env: Variable | None = None
    query: str

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("expected either url or url_env, an environment variable that holds it")
        return self


FileUsage = CsvUsage | ParquetUsage | OpencostUsage | OpenTelemetryUsage
LiveUsage = PrometheusUsage | DatadogUsage | CloudWatchUsage | PerformanceInsightsUsage | SqlUsage
UsageConfig = Annotated[FileUsage | LiveUsage, Field(discriminator="kind")]


class DriverCapacity(Strict):
    """What a driver could have delivered a day, in its own unit: another driver's total, or a fixed quantity."""

    driver: str | None = None
    quantity: Decimal | None = Field(default=None, gt=0, max_digits=38, decimal_places=12)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.driver is None) == (self.quantity is None):
            raise ValueError("expected either driver or quantity")
        return self
