variable "tags" {
  type    = map(string)
  default = {}
}
resource "aws_s3_bucket" "this" {
  tags = merge({ Name = "x" }, var.tags)
}
