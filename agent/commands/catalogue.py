"""Every command, in the order of ``apportion --help``. A new one is a module beside this file and a line here."""

from agent.commands.interface import Command
from agent.commands.options import (
    closing,
    demo_lines,
    diff,
    explained,
    focus_file,
    folder,
    inferred,
    lint,
    period,
    recomputed,
    schema_name,
    send,
)

_CODES = "0 done; 2 wrong usage, configuration or input; 3 no data for the month; 4 our own failure"
_INGESTED = (
    "0 done; 2 wrong usage or configuration, or a source was refused or is not there; 3 no data for the month; "
    "4 our own failure, or a source could not be reached"
)
_PROVEN = _CODES.replace("0 done; ", "0 done; 1 the sums do not tie; ")
_OPEN_MONTH = "the month of the last complete day"
_EARLIEST = "the earliest open month; the last closed one where none is open"

COMMANDS: tuple[Command, ...] = (
    Command(
        "init",
        "write a commented starter project",
        "Writes apportion.yaml, policy.yaml, allocation.yaml and customers.csv with comments that explain every key. "
        "Files that exist are never overwritten.",
        "apportion init finance/",
        "0 written; 2 a file of that name exists",
        (folder("."),),
    ),
    Command(
        "demo",
        "write a small company and run the whole job on it, offline",
        "Writes two months of billing, usage, revenue and Terraform of an invented SaaS company, then ingests, "
        "allocates and reports. Needs no account and no network.",
        "apportion demo apportion-demo/",
        _PROVEN,
        (folder("apportion-demo"), demo_lines),
    ),
    Command(
        "doctor",
        "say what is configured, reachable, permitted and fresh",
        "Checks every configured part and says what to do about what is missing. Prints the least rights each "
        "cloud needs. Reads only.",
        "apportion doctor",
        "0 nothing is broken (warnings may stand); 2 something configured does not work",
    ),
    Command(
        "lint",
        "check Terraform plans and source for customer tags, before the merge",
        "Judges every resource that can carry tags by policy.yaml. A plan (`terraform show -json`) says exactly what "
        "will be; source is the early check, and says so where only a plan can know. Needs no account, no engine and "
        "no network.",
        "apportion lint plan.json --source .",
        "0 nothing blocks; 1 something blocks; 2 wrong usage or policy, or an input that cannot be read; "
        "3 no plan and no root module; 4 our own failure",
        (lint,),
        ("text", "json", "sarif", "github", "github-summary", "gitlab", "junit", "markdown"),
    ),
    Command(
        "ingest",
        "take billing exports, usage, revenue and the registry in",
        "Reads every source into the ledger, exactly, and keeps usage, revenue and customers as delivered. "
        "A delivery already taken in changes nothing. A source that is refused or cannot be reached keeps no other "
        "back: it is named, and what it delivered before stays in force.",
        "apportion ingest --period 2026-10",
        _INGESTED,
        (period("every month delivered"),),
    ),
    Command(
        "allocate",
        "split a month's cost over customers and prove the sum",
        "Runs the rules of allocation.yaml over the ledger and publishes the results with their proof. "
        "Nothing is published unless every sum ties exactly.",
        "apportion allocate --period 2026-10",
        _PROVEN,
        (period(_OPEN_MONTH),),
    ),
    Command(
        "report",
        "write finance's report of a month",
        "Writes cost per customer as xlsx, html and csv from the published results.",
        "apportion report --period 2026-10",
        _PROVEN,
        (period(_EARLIEST),),
    ),
    Command(
        "digest",
        "show the leads' daily digest, or post it to Slack",
        "Prints the digest as Slack would show it. With --send it is posted to the configured channel, once a day.",
        "apportion digest --send",
        _PROVEN.replace("our own failure", "Slack could not be reached"),
        (period(_OPEN_MONTH), send),
    ),
    Command(
        "run",
        "ingest, allocate, report, alert and digest in one go",
        "Does the whole job for a month, and first for the month before it where its results are out of date. "
        "With --send digest and alert go to Slack.",
        "apportion run --send",
        _PROVEN.replace("our own failure", "our own failure, or a part that is missing and named"),
        (period(_OPEN_MONTH), send),
    ),
    Command(
        "close",
        "close a month for good, with everything it was made from",
        "Freezes the figures of the earliest open month. They must be proven and up to date, the invoices tied, little "
        "left unallocated and every source final; what is not can be accepted with a reason where the options say so. "
        "What is delivered later posts to the next open month as an adjustment.",
        'apportion close 2026-10 --by "Ada Byron" --accept-gap "tax is billed apart"',
        "0 closed; 1 a sum does not tie, or closed months were changed; 2 something is in the way; 3 nothing to close; "
        "4 our own failure",
        (closing,),
    ),
    Command(
        "explain",
        "walk one customer's cost back to the bill, every step summed",
        "Shows what a published cost is made of: classes, pools with their drivers and shares, idle, untagged and "
        "charges that follow, down to the ledger's rows and the delivered files. The month is computed again from "
        "exactly what it was made from, and every sum is compared with the step before.",
        "apportion explain acme --period 2026-10",
        "0 every step holds; 1 one does not; 2 wrong usage or configuration, no such customer, or results that are out "
        "of date; 3 no results for the month; 4 our own failure",
        (explained, period(_OPEN_MONTH)),
    ),
    Command(
        "infer",
        "propose customers for resources without a tag, with evidence",
        "Says whose each untagged resource probably is, by its name, namespace, stack, cluster, account, creator, "
        "other tags and what it is attached to. Each proposal has its evidence and a confidence that was measured on "
        "tagged resources; how the evidence does on resources held out is printed. Nothing is changed: with --accept, "
        "proposals that a person has marked become rules to paste and a plan of tags.",
        "apportion infer --period 2026-10 --output proposals.csv",
        "0 looked; 2 wrong usage, configuration or input; 3 no data for the month; 4 our own failure",
        (inferred, period(_OPEN_MONTH)),
    ),
    Command(
        "verify",
        "recompute the sums and the shares of a month",
        "Adds up the delivered files with decimal arithmetic, by a path of its own, and compares with the ledger, "
        "the results and the proof. Then computes the allocation once more, in fractions: all of a small month, drawn "
        "days of a large one.",
        "apportion verify --period 2026-10",
        "0 everything ties; 1 something does not; 2 wrong usage or configuration; 3 nothing to verify; "
        "4 our own failure",
        (period("every month with results"), recomputed),
    ),
    Command(
        "diff",
        "show what changed between two versions of a month's bill, or would between two methods",
        "Compares two versions of the ledger exactly: by provider, account, service, category, invoice and customer. "
        "Customers are recognised by the current rules on both sides. With --methodology months are allocated by "
        "two methods on the same ledger and inputs: what would move per customer, and what becomes of margins. "
        "Nothing is published.",
        "apportion diff 2026-10 --methodology current proposal.yaml --months 3",
        "0 compared; 1 a sum does not tie; 2 wrong usage or configuration; 3 no such version or month, or only one; "
        "4 our own failure",
        (diff,),
        ("text", "json", "markdown"),
    ),
    Command(
        "export",
        "write a month of the ledger as a FOCUS file for other tools",
        "Writes every row of the month's ledger, all sources, as FOCUS Cost and Usage. Its sums equal the ledger to "
        "the last digit, or nothing is written. --format names the release; before the command's name, --format json "
        "prints the answer as JSON. With --allocated it is the month's published allocation, each charge parted over "
        "customers with the columns that FOCUS has for splits.",
        "apportion export --format focus-1.2 --period 2026-10 --output october.parquet",
        _CODES.replace("0 done; ", "0 written; 1 the sums do not tie; "),
        (period(_OPEN_MONTH), focus_file),
        ("focus-1.2", "focus-1.3", "focus-1.4"),
    ),
    Command(
        "serve",
        "run on the configured schedule until stopped",
        "Runs the job at the times of schedule: in apportion.yaml. Several instances never post twice. "
        "SIGTERM ends it after the work at hand.",
        "apportion serve",
        "0 stopped; 2 wrong usage or configuration; 4 our own failure",
    ),
    Command(
        "schema",
        "print the JSON Schemas of the configuration files",
        "For editors and tests: one schema by name, or all of them.",
        "apportion schema apportion.yaml",
        "0 printed; 2 no schema of that name",
        (schema_name,),
    ),
)
