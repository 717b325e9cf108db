module "names" {
  source = "./names"
}
resource "aws_s3_bucket" "a" {
  tags = module.names.tags
}
resource "aws_s3_bucket" "b" {
  tags = { tenant = module.names.nothing }
}
