provider "aws" {
  region = "eu-west-1"
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
resource "aws_s3_bucket" "b" {
}
