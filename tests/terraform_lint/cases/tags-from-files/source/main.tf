locals {
  j = jsondecode(file("${path.module}/tags.json"))
  y = yamldecode(file("${path.root}/tags.yaml"))
}
resource "aws_s3_bucket" "j" {
  tags = local.j
}
resource "aws_s3_bucket" "y" {
  tags = local.y.common
}
resource "aws_s3_bucket" "bad" {
  tags = local.y.other
}
resource "aws_s3_bucket" "missing" {
  tags = jsondecode(file("${path.module}/absent.json"))
}
