resource "aws_s3_bucket" "a" {
  tags = { tenant = terraform.workspace }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = terraform.workspace == "acme" ? "" : "acme" }
}
