resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
resource "aws_s3_bucket" "b" {
}
resource "aws_s3_bucket" "c" {
  tags = { tenant = "" }
}
