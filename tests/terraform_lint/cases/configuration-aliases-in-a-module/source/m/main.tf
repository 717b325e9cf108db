terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.dns]
    }
  }
}
resource "aws_s3_bucket" "main" {
}
resource "aws_s3_bucket" "dns" {
  provider = aws.dns
}
