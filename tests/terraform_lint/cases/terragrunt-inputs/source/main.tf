variable "tenant" {
  type = string
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = var.tenant }
}
