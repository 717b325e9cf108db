variable "t" {
  type = string
}
variable "tags" {
  type = map(string)
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = var.t }
}
resource "aws_s3_bucket" "b" {
  tags = var.tags
}
resource "aws_s3_bucket" "c" {
  tags = merge(var.tags, { tenant = "acme" })
}
resource "aws_s3_bucket" "d" {
  tags = merge({ tenant = "acme" }, var.tags)
}
