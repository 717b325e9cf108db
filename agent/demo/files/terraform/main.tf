# A small piece of the company's infrastructure: some resources are tagged, some are not.
# Try: apportion lint terraform

terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { env = "prod" }
  }
}

resource "aws_s3_bucket" "exports" {
  bucket = "bw-tenant-aldervane"
  tags   = { tenant = "aldervane", team = "core" }
}

# No tenant: a blocking finding.
resource "aws_s3_bucket" "uploads" {
  bucket = "bw-uploads-1"
}

# One letter off a real customer.
resource "aws_instance" "worker" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "m5.xlarge"
  tags          = { tenant = "brackenfeld", team = "core" }
}

# The key in another case: understood by the allocation, still a finding.
resource "aws_db_instance" "reporting" {
  identifier     = "reporting"
  engine         = "postgres"
  instance_class = "db.r6g.large"
  tags           = { TenantID = "hollowmere", team = "data" }
}

# Identity is exempt in policy.yaml.
resource "aws_iam_role" "exporter" {
  name               = "exporter"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}
