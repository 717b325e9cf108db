provider "aws" {
  region = "eu-west-1"
}
provider "aws" {
  alias  = "tagged"
  region = "eu-west-1"
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_s3_bucket" "bare" {
}
resource "aws_s3_bucket" "tagged" {
  provider = aws.tagged
}
resource "aws_s3_bucket" "plain_reference" {
  provider = aws
}
resource "aws_s3_bucket" "own" {
  tags = { tenant = "globex" }
}
