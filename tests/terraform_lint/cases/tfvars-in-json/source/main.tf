variable "a" {
  default = ""
}
variable "b" {
  default = ""
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = var.a }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = var.b }
}
