resource "aws_s3_bucket" "a" {
  tags = { Name = "x" }
}
resource "aws_s3_bucket" "c" {
  bucket = "d"
}
