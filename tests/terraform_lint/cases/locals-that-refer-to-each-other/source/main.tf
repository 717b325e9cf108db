locals {
  a = local.b
  b = local.a
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = local.a }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = "acme" }
}
