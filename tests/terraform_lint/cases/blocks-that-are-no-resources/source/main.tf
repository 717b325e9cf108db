data "aws_s3_bucket" "old" {
  bucket = "old"
}
moved {
  from = aws_s3_bucket.before
  to   = aws_s3_bucket.a
}
import {
  to = aws_s3_bucket.a
  id = "a"
}
removed {
  from = aws_s3_bucket.gone
  lifecycle {
    destroy = false
  }
}
check "c" {
  assert {
    condition     = true
    error_message = "no"
  }
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
