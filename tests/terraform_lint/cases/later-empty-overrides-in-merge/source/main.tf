resource "aws_s3_bucket" "a" {
  tags = merge({ tenant = "acme" }, { tenant = "" })
}
resource "aws_s3_bucket" "b" {
  tags = merge({ tenant = "" }, { tenant = "acme" })
}
