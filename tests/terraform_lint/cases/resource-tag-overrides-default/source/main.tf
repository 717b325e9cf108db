provider "aws" {
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_s3_bucket" "empty" {
  tags = { tenant = "" }
}
resource "aws_s3_bucket" "same" {
  tags = { tenant = "acme" }
}
resource "aws_s3_bucket" "bad" {
  tags = { tenant = "Acme Corp" }
}
