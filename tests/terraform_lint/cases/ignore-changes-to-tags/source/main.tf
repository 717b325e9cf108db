resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
  lifecycle {
    ignore_changes = [tags]
  }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = "acme" }
  lifecycle {
    ignore_changes = [tags["Name"], bucket]
  }
}
resource "aws_s3_bucket" "c" {
  tags = { tenant = "acme" }
  lifecycle {
    ignore_changes = all
  }
}
resource "aws_s3_bucket" "d" {
  tags = { tenant = "acme" }
  lifecycle {
    ignore_changes = [tags["tenant"]]
  }
}
