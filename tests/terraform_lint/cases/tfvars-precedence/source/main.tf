variable "a" {
  default = ""
}
variable "b" {
  default = ""
}
variable "c" {
  default = ""
}
variable "d" {
  default = ""
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = var.a }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = var.b }
}
resource "aws_s3_bucket" "c" {
  tags = { tenant = var.c }
}
resource "aws_s3_bucket" "d" {
  tags = { tenant = var.d }
}
