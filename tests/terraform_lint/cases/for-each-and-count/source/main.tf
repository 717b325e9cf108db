resource "aws_s3_bucket" "fe" {
  for_each = { good = "acme", evil = "" }
  tags     = { tenant = each.value }
}
resource "aws_s3_bucket" "cnt" {
  count = 2
  tags  = count.index == 0 ? { tenant = "acme" } : {}
}
resource "aws_s3_bucket" "none" {
  count = 0
}
resource "aws_s3_bucket" "set" {
  for_each = toset(["acme", "Globex"])
  tags     = { tenant = each.key }
}
