locals {
  t = format("%s-%s", "acme", "eu")
}
resource "aws_s3_bucket" "a" {
  tags = merge({ Name = "x" }, { tenant = local.t })
}
resource "aws_s3_bucket" "b" {
  tags = merge({ Name = "x" }, { tenant = format("%s Corp", "Acme") })
}
