provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_s3_bucket" "logs" {
}
resource "aws_s3_bucket" "named" {
  tags = { Name = "x" }
}
