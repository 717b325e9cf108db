resource "random_pet" "p" {
}
provider "aws" {
  default_tags {
    tags = { tenant = random_pet.p.id }
  }
}
resource "aws_s3_bucket" "a" {
}
resource "aws_s3_bucket" "own" {
  tags = { tenant = "acme" }
}
