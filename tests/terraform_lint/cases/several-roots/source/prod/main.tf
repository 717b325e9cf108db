resource "aws_s3_bucket" "p" {
  tags = { tenant = "acme" }
}
module "m" {
  source = "../modules/m"
}
