variable "t" {
  default   = "Very Secret"
  sensitive = true
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = var.t }
}
