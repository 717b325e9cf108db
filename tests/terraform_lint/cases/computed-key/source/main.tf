locals {
  k = "tenant"
  o = "owner"
}
resource "aws_s3_bucket" "a" {
  tags = { (local.k) = "acme" }
}
resource "aws_s3_bucket" "b" {
  tags = { "${local.k}" = "acme" }
}
resource "aws_s3_bucket" "c" {
  tags = { (local.o) = "acme" }
}
resource "aws_s3_bucket" "d" {
  tags = { "tenant" : "acme" }
}
