resource "aws_s3_bucket" "a" {
  for_each = toset(["x\u001b[31m\r\ny"])
  tags     = { tenant = each.key }
}
