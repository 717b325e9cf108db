variable "n" {
  type = number
}
resource "aws_s3_bucket" "good" {
  count = var.n
  tags  = { tenant = "acme" }
}
resource "aws_s3_bucket" "bad" {
  count = var.n
}
