resource "aws_s3_bucket" "outer" {
}
module "inner" {
  source = "../inner"
}
