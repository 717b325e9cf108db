locals {
  base = { tenant = "acme" }
}
provider "aws" {
  default_tags {
    tags = merge(local.base, { ManagedBy = "terraform" })
  }
}
resource "aws_s3_bucket" "logs" {
}
