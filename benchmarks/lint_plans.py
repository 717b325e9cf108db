"""Terraform plans of any size, with the verdicts that are right for them.

Written from templates of our own in the image of real plans: about 1.4 KB a resource, of which ``resource_changes``
are somewhat more than half, ``planned_values`` a third and ``configuration`` the rest. In the eight real plans that
were looked at, ``resource_changes`` were a fifth to a half, so this leaves a reader more to do than they did. No
public plan of this size was found; the big ones are synthetic, and a figure made with them has to say so.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIZES = (10, 5_000, 50_000)
_AWS = "registry.terraform.io/hashicorp/aws"
_REGISTRY = {"aws": _AWS, "google": "registry.terraform.io/hashicorp/google"}
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*", "Principal": "*"}],
    }
)
_TYPES: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    (
        "aws_s3_bucket",
        {"bucket": "data-{n}", "bucket_prefix": None, "force_destroy": False, "timeouts": None, "object_lock": None},
        ("acceleration_status", "acl", "arn", "bucket_domain_name", "cors_rule", "grant", "hosted_zone_id", "id",
         "lifecycle_rule", "logging", "policy", "region", "replication_configuration", "request_payer", "versioning"),
    ),
    (
        "aws_sqs_queue",
        {"name": "jobs-{n}", "content_based_deduplication": False, "delay_seconds": 0, "fifo_queue": False,
         "max_message_size": 262144, "message_retention_seconds": 345600, "policy": _POLICY,
         "receive_wait_time_seconds": 0, "visibility_timeout_seconds": 30, "kms_master_key_id": None},
        ("arn", "deduplication_scope", "id", "name_prefix", "redrive_policy", "sqs_managed_sse_enabled", "url"),
    ),
    (
        "aws_db_instance",
        {"identifier": "db-{n}", "allocated_storage": 100, "apply_immediately": True, "backup_retention_period": 7,
         "copy_tags_to_snapshot": True, "deletion_protection": True, "engine": "postgres", "engine_version": "16.3",
         "instance_class": "db.r6g.large", "multi_az": True, "publicly_accessible": False, "username": "owner",
         "storage_encrypted": True, "storage_type": "gp3"},
        ("address", "arn", "availability_zone", "backup_window", "endpoint", "hosted_zone_id", "id", "kms_key_id",
         "license_model", "maintenance_window", "port", "resource_id", "status", "vpc_security_group_ids"),
    ),
    (
        "aws_lambda_function",
        {"function_name": "worker-{n}", "architectures": ["arm64"], "description": "Works off the queue of {n}",
         "environment": [{"variables": {"QUEUE": "jobs-{n}"}}], "handler": "main.handle",
         "memory_size": 512, "package_type": "Zip", "publish": False, "runtime": "python3.12", "timeout": 30},
        ("arn", "code_sha256", "id", "invoke_arn", "last_modified", "qualified_arn", "role", "version"),
    ),
    (
        "aws_security_group",
        {"name": "sg-{n}", "description": "Traffic of service {n}", "revoke_rules_on_delete": False,
                  "ingress": [{"cidr_blocks": ["10.0.0.0/8"], "description": "", "from_port": 443, "protocol": "tcp",
                      "to_port": 443, "self": False, "security_groups": []}], "timeouts": None},
        ("arn", "id", "name_prefix", "owner_id", "vpc_id"),
    ),
    (
        "aws_ebs_volume",
        {"availability_zone": "eu-west-1a", "encrypted": True, "iops": 3000, "outpost_arn": None,
         "size": 200, "snapshot_id": None, "throughput": 125,
         "type": "gp3", "timeouts": None},
        ("arn", "create_time", "id", "kms_key_id"),
    ),
    (
        "google_storage_bucket",
        {"name": "bucket-{n}", "location": "EUROPE-WEST1", "force_destroy": False, "storage_class": "STANDARD",
         "uniform_bucket_level_access": True, "lifecycle_rule": [{"action": [{"type": "Delete"}],
         "condition": [{"age": 30, "with_state": "ANY"}]}], "versioning": [{"enabled": True}], "timeouts": None},
        ("effective_time", "id", "project", "project_number", "rpo", "self_link", "updated", "url"),
    ),
    (
        "aws_security_group_rule",
        {"type": "ingress", "cidr_blocks": ["10.1.0.0/16"], "description": "From the service {n}", "from_port": 8080,
         "prefix_list_ids": None, "protocol": "tcp", "self": False, "to_port": 8080,
         "timeouts": None},
        ("id", "security_group_id", "security_group_rule_id", "source_security_group_id"),
    ),
)  # fmt: skip
_BARE = ("aws_security_group_rule",)
_VERDICTS = (
    "ok", "missing-tag", "ok", "empty-tag", "ok", "inherited", "wrong-case", "ok", "invalid-value", "ok", "existing",
)  # fmt: skip
"""By turns; eleven, so that every type meets every one."""
_TAGS: dict[str, dict[str, str]] = {
    "ok": {"tenant": "acme", "env": "prod"},
    "missing-tag": {"env": "prod"},
    "empty-tag": {"tenant": "", "env": "prod"},
    "wrong-case": {"Tenant": "acme", "env": "prod"},
    "invalid-value": {"tenant": "Acme Corp", "env": "prod"},
    "existing": {"env": "prod"},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan on disk. ``violations``: rule by address; ``existing``: untouched resources without the tag."""

    path: Path
    violations: dict[str, str]
    existing: frozenset[str]


def plan(root: Path, resources: int) -> Plan:
    """One line, as ``terraform show -json`` prints it. Made once, then found in place."""
    path = root / f"plan-{resources}.json"
    if not path.exists():
        root.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_text(json.dumps(_document(resources), separators=(",", ":")))
        path.with_suffix(".part").rename(path)
    verdicts = {
        _address(n): verdict for n in range(resources) if (verdict := _verdict(n)) not in ("ok", "inherited", "")
    }
    existing = frozenset(address for address, verdict in verdicts.items() if verdict == "existing")
    return Plan(path, {a: v for a, v in verdicts.items() if a not in existing}, existing)


def _address(n: int) -> str:
    return f"module.service_{n // 40}.{_TYPES[n % len(_TYPES)][0]}.r{n % 40}"


def _verdict(n: int) -> str:
    type_name = _TYPES[n % len(_TYPES)][0]
    if type_name in _BARE:
        return ""
    verdict = _VERDICTS[n % len(_VERDICTS)]
    if type_name.startswith("google_"):  # labels have no capitals, and nothing of theirs is inherited here
        return {"wrong-case": "missing-tag", "inherited": "ok"}.get(verdict, verdict)
    return verdict


def _document(resources: int) -> dict[str, Any]:
    modules = range((resources + 39) // 40)
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"child_modules": [_planned(m, resources) for m in modules]}},
        "resource_changes": [_change(n) for n in range(resources)],
        "configuration": {
            "provider_config": {
                "aws": _provider("aws", {"region": {"constant_value": "eu-west-1"}}),
                "aws.tagged": _provider("aws", {"default_tags": [{"tags": {"constant_value": {"tenant": "acme"}}}]})
                | {"alias": "tagged"},
                "google": _provider("google", {}),
            },
            "root_module": {"module_calls": {f"service_{m}": _call(m, resources) for m in modules}},
        },
    }


def _provider(name: str, expressions: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "full_name": _REGISTRY[name], "expressions": expressions}


def _members(module: int, resources: int) -> Iterator[int]:
    return iter(range(module * 40, min(module * 40 + 40, resources)))


def _planned(module: int, resources: int) -> dict[str, Any]:
    return {
        "address": f"module.service_{module}",
        "resources": [
            _identity(n) | {"schema_version": 1, "values": _after(n), "sensitive_values": {}}
            for n in _members(module, resources)
        ],
    }


def _call(module: int, resources: int) -> dict[str, Any]:
    return {
        "source": "./service",
        "module": {
            "resources": [
                {
                    "address": _identity(n)["address"].split(".", 2)[2],
                    "mode": "managed",
                    "type": _identity(n)["type"],
                    "name": _identity(n)["name"],
                    "provider_config_key": _provider_key(n),
                    "schema_version": 1,
                }
                for n in _members(module, resources)
            ]
        },
    }


def _provider_key(n: int) -> str:
    provider = _TYPES[n % len(_TYPES)][0].split("_")[0]
    return "aws.tagged" if _verdict(n) == "inherited" else provider


def _identity(n: int) -> dict[str, Any]:
    type_name = _TYPES[n % len(_TYPES)][0]
    return {
        "address": _address(n),
        "mode": "managed",
        "type": type_name,
        "name": f"r{n % 40}",
        "provider_name": _REGISTRY[type_name.split("_")[0]],
    }


def _after(n: int) -> dict[str, Any]:
    type_name, body, _ = _TYPES[n % len(_TYPES)]
    return _filled(body, n) | _tags(type_name, n)


def _filled(value: Any, n: int) -> Any:
    match value:
        case str():
            return value.replace("{n}", str(n))
        case dict():
            return {key: _filled(inner, n) for key, inner in value.items()}
        case list():
            return [_filled(inner, n) for inner in value]
    return value


def _tags(type_name: str, n: int) -> dict[str, Any]:
    verdict = _verdict(n)
    if not verdict:
        return {}
    tags = None if verdict == "inherited" else _TAGS[verdict]
    every = {"tenant": "acme"} if tags is None else tags
    if type_name.startswith("google_"):
        return {"labels": every, "effective_labels": every, "terraform_labels": every}
    return {"tags": tags, "tags_all": every}


def _change(n: int) -> dict[str, Any]:
    after, computed = _after(n), _TYPES[n % len(_TYPES)][2]
    if _verdict(n) == "existing":
        actions, before, unknown = ["no-op"], after, {}
    elif n % 5 == 1:
        actions, before, unknown = ["update"], {key: after[key] for key in list(after)[:3]}, {}
    else:
        actions, before, unknown = ["create"], None, dict.fromkeys(computed, True)
    change = {"actions": actions, "before": before, "after": after, "after_unknown": unknown}
    change |= {"before_sensitive": {} if before else False, "after_sensitive": {}}
    return {"module_address": f"module.service_{n // 40}"} | _identity(n) | {"change": change}
