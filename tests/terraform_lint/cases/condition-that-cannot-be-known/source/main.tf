variable "x" {
  type = bool
}
resource "aws_s3_bucket" "both" {
  tags = var.x ? { tenant = "acme" } : { tenant = "globex" }
}
resource "aws_s3_bucket" "one" {
  tags = var.x ? { tenant = "acme" } : {}
}
resource "aws_s3_bucket" "neither" {
  tags = var.x ? { Name = "a" } : { Name = "b" }
}
