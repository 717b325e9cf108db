variable "id" {
  type    = number
  default = 42
}
resource "aws_s3_bucket" "number" {
  tags = { tenant = var.id }
}
resource "aws_s3_bucket" "truth" {
  tags = { tenant = true }
}
resource "aws_s3_bucket" "fraction" {
  tags = { tenant = 1.50 }
}
