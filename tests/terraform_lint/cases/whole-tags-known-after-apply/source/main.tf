resource "random_pet" "p" {
}
locals {
  m = { for k in [random_pet.p.id] : k => "x" }
}
resource "aws_s3_bucket" "a" {
  tags = local.m
}
