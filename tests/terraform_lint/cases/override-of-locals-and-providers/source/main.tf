locals {
  tags = { tenant = "acme" }
  name = "x"
}
provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_s3_bucket" "a" {
}
resource "aws_s3_bucket" "b" {
  tags = local.tags
}
