module "registry" {
  source  = "terraform-aws-modules/s3-bucket/aws"
  version = "4.1.0"
}
module "git" {
  source = "git::https://example.com/m.git?ref=v1"
}
resource "aws_s3_bucket" "a" {
  tags = { tenant = "acme" }
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = module.registry.tenant }
}
