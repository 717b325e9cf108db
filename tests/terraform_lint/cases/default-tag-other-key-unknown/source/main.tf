resource "random_pet" "p" {
}
provider "aws" {
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_s3_bucket" "a" {
  tags = { Name = random_pet.p.id }
}
