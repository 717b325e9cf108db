provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "random_pet" "p" {
}
resource "aws_s3_bucket" "a" {
}
resource "aws_s3_bucket" "b" {
  tags = { Name = random_pet.p.id }
}
