resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
