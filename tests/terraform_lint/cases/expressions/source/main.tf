variable "prod" {
  default = true
}
variable "nothing" {
  type    = string
  default = null
}
locals {
  raw   = { TENANT = "ACME" }
  parts = [{ Name = "x" }, { tenant = "acme" }]
}
resource "aws_s3_bucket" "for_expression" {
  tags = { for k, v in local.raw : lower(k) => lower(v) }
}
resource "aws_s3_bucket" "merge_list" {
  tags = merge(local.parts...)
}
resource "aws_s3_bucket" "conditional" {
  tags = var.prod ? { tenant = "acme" } : {}
}
resource "aws_s3_bucket" "conditional_bad" {
  tags = var.prod ? {} : { tenant = "acme" }
}
resource "aws_s3_bucket" "coalesced" {
  tags = { tenant = coalesce(var.nothing, "acme") }
}
resource "aws_s3_bucket" "tried" {
  tags = { tenant = try(local.raw.missing, "acme") }
}
resource "aws_s3_bucket" "tomap_heredoc" {
  tags = tomap({
    tenant = trimspace(<<-EOT
      acme
    EOT
    )
  })
}
resource "aws_s3_bucket" "filtered" {
  tags = { for k, v in { tenant = "acme" } : k => v if v != "acme" }
}
