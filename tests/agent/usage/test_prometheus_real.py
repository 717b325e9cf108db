"""A real Prometheus over backfilled blocks: irregular samples, resets and scrape gaps whose truth is known exactly."""

import random
import subprocess
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from agent.config.usage import PrometheusUsage
from agent.errors import InputError
from agent.usage import live
from tests.servers import free_port, running

pytestmark = pytest.mark.slow
BEGIN = 1_791_158_400_000  # 2026-10-05, in milliseconds
HOUR = 3_600_000
FIRST, LAST = date(2026, 10, 5), date(2026, 10, 7)
TENANTS = ("acme", "globex", "initech")
PODS = ("a", "b")
SEED = 7
MOST_STEP = 100_000


def thousandths(number):
    return f"{number // 1000}.{number % 1000:03d}"


def counter(seed, tenant):
    """Samples from a day before to a day after, and what each interval's samples showed to have grown."""
    randomly, at, value = random.Random(seed), BEGIN - 24 * HOUR, 0
    samples, grown = [], defaultdict(Decimal)
    pauses = (997, 15_000, 60_000, 61_003, 600_000, 3 * HOUR if seed % 2 else 90_000)
    while (at := at + randomly.choice(pauses)) < BEGIN + 96 * HOUR:
        step = 0 if randomly.random() < 0.3 else randomly.randrange(MOST_STEP)
        if randomly.random() < 0.01 and value > MOST_STEP:  # a reset shows where the new value is below the last one
            value = 0
        value += step
        samples.append((at, value))
        if at > BEGIN:
            grown[(at - 1 - BEGIN) // HOUR, tenant] += Decimal(step).scaleb(-3)
    return samples, grown


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory, tool):
    """The server's address, and the truth: (hour from the first day, tenant) -> quantity."""
    prometheus, promtool = tool("prometheus"), tool("promtool")
    folder = tmp_path_factory.mktemp("prometheus")
    truth, lines = defaultdict(Decimal), ["# TYPE work counter"]
    for number, (tenant, pod) in enumerate((tenant, pod) for tenant in TENANTS for pod in PODS):
        samples, grown = counter(SEED + number, tenant)
        for place, quantity in grown.items():
            truth[place] += quantity
        lines += [
            f'work_total{{tenant="{tenant}",pod="{pod}"}} {thousandths(value)} {thousandths(at)}'
            for at, value in samples
        ]
    lines += ["# TYPE size gauge"]
    lines += [
        f'size{{tenant="acme"}} {hour}.5 {(BEGIN + hour * HOUR) // 1000}' for hour in range(1, 73) if hour % 24 != 7
    ]
    (folder / "om.txt").write_text("\n".join([*lines, "# EOF", ""]))
    (folder / "p.yml").write_text("global: {}\n")
    data = folder / "data"
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", folder / "om.txt", data],
                   check=True, capture_output=True)  # fmt: skip
    port = free_port()
    command = [prometheus, f"--config.file={folder / 'p.yml'}", f"--storage.tsdb.path={data}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=10y"]
    with running([*command, "--query.max-samples=150"], port):
        yield f"http://127.0.0.1:{port}", {place: quantity for place, quantity in truth.items() if quantity}


def ask(address, first=FIRST, last=LAST, **keys):
    said = {"name": "work", "kind": "prometheus", "url": address, "customer_label": "tenant"}
    return live.pull(PrometheusUsage.model_validate(said | keys), first, last)


def hours(pulled):
    return {
        ((row["date"] - FIRST).days * 24 + row["hour"], row["customer"]): row["quantity"]
        for row in pulled.rows.to_pylist()
        if row["quantity"]
    }


def test_counters_equal_the_truth_to_the_last_digit(backfilled):
    address, truth = backfilled
    pulled = ask(address, counter="work_total", interval="hour")
    assert hours(pulled) == {place: quantity for place, quantity in truth.items() if place[0] < 72}
    assert any("resets" in note for note in pulled.notes)


def test_days_asked_one_by_one_are_the_same_as_together(backfilled):
    address, truth = backfilled
    together = ask(address, counter='work_total{pod=~"a|b"}')
    sums = defaultdict(Decimal)
    for (hour, tenant), quantity in truth.items():
        sums[hour // 24, tenant] += quantity
    found = {((row["date"] - FIRST).days, row["customer"]): row["quantity"] for row in together.rows.to_pylist()}
    assert found == {place: quantity for place, quantity in sums.items() if place[0] < 3}
    days = [date(2026, 10, day) for day in (5, 6, 7)]
    apart = [row for day in days for row in ask(address, day, day, counter="work_total").rows.to_pylist()]
    assert apart == together.rows.to_pylist()


def test_a_sum_of_increases_is_not_what_the_server_would_answer(backfilled):
    address, truth = backfilled
    pulled = ask(address, query="sum by (tenant)(increase(work_total[1h]))", interval="hour")
    assert hours(pulled) == {place: quantity for place, quantity in truth.items() if place[0] < 72}


def test_a_gauge_counts_by_its_value_at_the_end_of_each_hour(backfilled):
    address, _ = backfilled
    pulled = ask(address, query="sum by (tenant)(size)", interval="hour")
    expected = {(hour - 1, "acme"): Decimal(f"{hour}.5") for hour in range(1, 73) if hour % 24 != 7}
    assert hours(pulled) == expected
    assert set(pulled.coverage.values()) == {(23, 24)}


def test_a_question_that_the_server_does_not_understand_is_told_in_its_words(backfilled):
    address, _ = backfilled
    with pytest.raises(InputError, match=r"the server refuses the question: .*parse error"):
        ask(address, query="sum by (tenant)(size")
