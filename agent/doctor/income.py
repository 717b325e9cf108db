"""Revenue: the months it covers, and who has none."""

from collections.abc import Iterator

from agent.config.loading import Settings
from agent.doctor.records import Finding, ok, told, warn
from agent.errors import InputError
from agent.revenue import read_revenue
from policies.registry import Registry


def revenue(settings: Settings) -> Iterator[Finding]:
    """The months of the configured file; without one there are costs and no margins."""
    config = settings.app.revenue
    if config is None:
        yield warn("revenue", "not configured: reports show costs without margins", "set revenue: in apportion.yaml")
        return
    try:
        content = settings.resolve(config.location).read_bytes()
        known = read_revenue(content, Registry([]), settings.app.currency, config.location)
    except (InputError, OSError) as error:
        yield told("revenue", error)
        return
    months = known.periods
    if not months:
        yield warn("revenue", "holds no row")
        return
    yield ok("revenue", f"months {', '.join(map(str, months))}, basis {config.basis}")
