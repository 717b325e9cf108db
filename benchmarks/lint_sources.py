"""A tree of Terraform source in the style of a grown repository, with the verdicts that are right for it.

One root, two dozen local modules of some twenty resource blocks each, about 600 blocks and 600 KB in all: variables
with types and defaults, tfvars, locals, merges, conditionals, for-expressions, for_each and count, provider aliases
with default tags, policies as jsonencode and heredocs. Nothing has to be fetched, so that every tool can know all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODULES = 24
BLOCKS = 24
_ROOT_BLOCKS = 24


@dataclass(frozen=True, slots=True)
class Tree:
    """A root module on disk. ``violations``: rule by address; ``blocks``: resource blocks; ``size``: bytes."""

    root: Path
    violations: dict[str, str]
    blocks: int
    size: int


_HEAD = """\
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = {
      managed-by = "terraform"
      stack      = var.stack
    }
  }
}

provider "aws" {
  alias  = "tagged"
  region = var.region
  default_tags {
    tags = merge(local.common_tags, { managed-by = "terraform" })
  }
}

variable "region" {
  description = "Where everything of this stack stands."
  type        = string
  default     = "eu-west-1"
}

variable "stack" {
  description = "Name of the stack, the first part of every name."
  type        = string
}

variable "tenant" {
  description = "Whose resources these are."
  type        = string
  default     = ""
}

variable "features" {
  description = "What is switched on."
  type        = map(bool)
  default     = {}
}

locals {
  common_tags = {
    tenant     = var.tenant
    env        = lookup(local.environments, var.stack, "dev")
    cost-centre = join("-", ["cc", "1200"])
  }
  environments = { shop = "prod", lab = "dev" }
}
"""
_VARIABLES = """\
variable "name" {
  description = "Name of the service; the first part of the names of all its resources."
  type        = string
}

variable "tags" {
  description = "Tags that every resource of the service carries beside its own."
  type        = map(string)
  default     = {}
}

variable "enabled" {
  description = "Whether the optional parts of the service are built."
  type        = bool
  default     = true
}

variable "tenants" {
  description = "Key and tenant of the things that are built once a tenant."
  type        = map(object({ tenant = string, days = optional(number, 30) }))
  default     = {}
}

locals {
  tags = merge(var.tags, {
    service   = var.name
    component = format("%s-core", var.name)
  })
  by_tenant = { for key, each_one in var.tenants : key => merge(local.tags, { tenant = each_one.tenant }) }
  alarms    = { for name in ["errors", "latency", "throttles"] : name => "${var.name}-${name}" }
}
"""
_BODIES = (
    ("aws_s3_bucket", """\
  bucket        = "${{var.name}}-{name}"
  force_destroy = false
"""),
    ("aws_sqs_queue", """\
  name                       = "${{var.name}}-{name}"
  delay_seconds              = 0
  max_message_size           = 262144
  message_retention_seconds  = 345600
  visibility_timeout_seconds = 30
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
      {{
        Sid       = "Send"
        Effect    = "Allow"
        Principal = {{ Service = "sns.amazonaws.com" }}
        Action    = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
        Resource  = "arn:aws:sqs:eu-west-1:123456789012:${{var.name}}-{name}"
        Condition = {{ ArnLike = {{ "aws:SourceArn" = "arn:aws:sns:eu-west-1:123456789012:${{var.name}}-*" }} }}
      }},
    ]
  }})
"""),
    ("aws_iam_role", """\
  name                 = "${{var.name}}-{name}"
  description          = "What the {name} of ${{var.name}} may do"
  max_session_duration = 3600
  assume_role_policy   = <<-POLICY
    {{
      "Version": "2012-10-17",
      "Statement": [
        {{
          "Effect": "Allow",
          "Action": "sts:AssumeRole",
          "Principal": {{ "Service": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"] }}
        }},
        {{
          "Effect": "Allow",
          "Action": "sts:TagSession",
          "Principal": {{ "AWS": "arn:aws:iam::123456789012:root" }}
        }}
      ]
    }}
  POLICY
"""),
    ("aws_security_group", """\
  name_prefix = "${{var.name}}-{name}-"
  description = "Traffic of {name}"
  vpc_id      = "vpc-0a1b2c3d"

  ingress {{
    description = "Service port from the load balancers"
    from_port   = 8080
    to_port     = 8080
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16", "10.1.0.0/16"]
  }}

  ingress {{
    description = "Metrics from the collectors"
    from_port   = 9090
    to_port     = 9090
    protocol    = "tcp"
    cidr_blocks = [for n in range(4) : cidrsubnet("10.2.0.0/16", 8, n)]
  }}

  egress {{
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }}
"""),
    ("aws_db_instance", """\
  identifier                   = "${{var.name}}-{name}"
  allocated_storage            = 100
  max_allocated_storage        = 1000
  backup_retention_period      = var.enabled ? 14 : 1
  copy_tags_to_snapshot        = true
  deletion_protection          = var.enabled
  engine                       = "postgres"
  engine_version               = "16.3"
  instance_class               = "db.r6g.large"
  multi_az                     = true
  performance_insights_enabled = true
  publicly_accessible          = false
  storage_encrypted            = true
  storage_type                 = "gp3"
  username                     = "owner"
  manage_master_user_password  = true
"""),
    ("aws_cloudwatch_metric_alarm", """\
  alarm_name          = try(local.alarms["{name}"], "${{var.name}}-{name}")
  alarm_description   = "More than a few of {name} within five minutes; see the page of ${{var.name}} on what to do."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 5
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 60
  statistic           = "Sum"
  threshold           = 10
  treat_missing_data  = "notBreaching"
  dimensions          = {{ FunctionName = "${{var.name}}-{name}", Resource = "${{var.name}}-{name}:live" }}
"""),
)  # fmt: skip
_TAGS = (
    ("", "local.tags", "ok"),
    ("", 'merge(var.tags, {{ Name = "{name}", tier = "data" }})', "ok"),
    ("", '{{ Name = "{name}" }}', "missing-tag"),
    ("", 'merge(local.tags, {{ tenant = "" }})', "empty-tag"),
    ("each", "local.by_tenant[each.key]", "each"),
    ("count", "merge(local.tags, {{ number = tostring(count.index) }})", "ok"),
    ("", 'var.enabled ? merge(local.tags, {{ tenant = "Acme Corp" }}) : local.tags', "invalid-value"),
    ("", '{{ for key, value in local.tags : key => value if key != "tenant" }}', "missing-tag"),
    ("", 'merge([local.tags, {{ Name = "{name}" }}]...)', "ok"),
    ("", '{{ (lower("TENANT")) = coalesce("", "acme"), Name = "{name}" }}', "ok"),
    ("", 'tomap({{ Tenant = "acme", Name = "{name}" }})', "wrong-case"),
    ("none", "{{}}", "none"),
    ("tagged", '{{ Name = "{name}" }}', "ok"),
)  # fmt: skip
_NOTE = """\
  # {name} is shared by all parts of the service. It was split from the old stack in spring; the order of the
  # arguments follows the page on conventions, and what is not said here is as the provider has it.
"""


def tree(root: Path) -> Tree:
    """Made anew every time: it is small."""
    folder = root / "source"
    violations: dict[str, str] = {}
    files = {"main.tf": _HEAD + "\n".join(_calls()), "terraform.tfvars": 'stack  = "shop"\ntenant = "acme"\n'}
    files["shared.tf"] = "\n".join(_block(n, root=True) for n in range(_ROOT_BLOCKS))
    violations |= dict(_wrong("", range(_ROOT_BLOCKS), root=True))
    for module in range(MODULES):
        at = f"modules/service_{module:02d}"
        numbers = range(module * BLOCKS, (module + 1) * BLOCKS)
        files[f"{at}/main.tf"] = "\n".join(_block(n) for n in numbers)
        files[f"{at}/variables.tf"] = _VARIABLES
        violations |= dict(_wrong(f"module.service_{module:02d}.", numbers))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(folder, violations, (MODULES * BLOCKS) + _ROOT_BLOCKS, sum(len(text) for text in files.values()))


def _calls() -> Iterator[str]:
    for module in range(MODULES):
        provider = "\n  providers = { aws = aws.tagged }" if _tagged(module) else ""
        yield f"""
module "service_{module:02d}" {{
  source  = "./modules/service_{module:02d}"
  name    = "${{var.stack}}-service-{module:02d}"
  tags    = local.common_tags
  enabled = lookup(var.features, "service_{module:02d}", true)
  tenants = {{
    first  = {{ tenant = "acme", days = 7 }}
    second = {{ tenant = "{"globex" if module % 2 else "Globex Inc"}" }}
  }}{provider}
}}
"""


def _tagged(module: int) -> bool:
    return module % 6 == 5


def _block(n: int, *, root: bool = False) -> str:
    """Of a module, or of the root (which has no variables of a module)."""
    type_name, body = _BODIES[n % len(_BODIES)]
    meta, tags, _ = _TAGS[n % len(_TAGS)]
    name = f"part_{n:03d}"
    if root:
        body = body.replace("var.enabled", "true").replace("var.name", "var.stack").replace("local.alarms", "{{}}")
        meta, tags = "", "local.common_tags" if n % 4 else '{{ Name = "{name}" }}'
    head = {
        "each": "  for_each = var.tenants\n\n",
        "count": "  count = var.enabled ? 2 : 0\n\n",
        "none": "  count = var.enabled ? 0 : 1\n\n",
    }.get(meta, "")
    text = f'resource "{type_name}" "{name}" {{\n{head}{_NOTE}{body}\n  tags = {tags}\n'.replace("{name}", name)
    return text.replace("{{", "{").replace("}}", "}") + "}\n"


def _wrong(prefix: str, numbers: range, *, root: bool = False) -> Iterator[tuple[str, str]]:
    for n in numbers:
        address = f"{prefix}{_BODIES[n % len(_BODIES)][0]}.part_{n:03d}"
        verdict = ("ok" if n % 4 else "missing-tag") if root else _TAGS[n % len(_TAGS)][2]
        meta = "" if root else _TAGS[n % len(_TAGS)][0]
        tagged = not root and _tagged(n // BLOCKS)
        if verdict == "each":
            if (n // BLOCKS) % 2 == 0:
                yield f'{address}["second"]', "invalid-value"
        elif verdict in ("missing-tag", "wrong-case") and tagged:
            continue  # the default tags of the module's provider have it
        elif meta == "tagged" and not tagged:
            yield address, "missing-tag"
        elif verdict not in ("ok", "none"):
            yield address, verdict
