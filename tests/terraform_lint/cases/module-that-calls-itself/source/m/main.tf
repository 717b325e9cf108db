resource "aws_s3_bucket" "b" {
}
module "again" {
  source = "../m"
}
