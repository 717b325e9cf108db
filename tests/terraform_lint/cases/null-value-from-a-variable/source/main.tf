variable "t" {
  type    = string
  default = null
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = var.t }
}
resource "aws_s3_bucket" "whole" {
  tags = null
}
