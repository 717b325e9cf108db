resource "aws_s3_bucket" "a" {
  tags = { Tenant = "acme" }
}
resource "aws_s3_bucket" "b" {
  tags = { TENANT = "acme" }
}
resource "aws_s3_bucket" "c" {
  tags = { tenant_id = "acme" }
}
resource "aws_s3_bucket" "d" {
  tags = { Tenant = "x y", tenant = "acme" }
}
