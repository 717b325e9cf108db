provider "aws" {
  region = "eu-west-1"
}
module "m" {
  source = "./m"
}
resource "aws_s3_bucket" "root" {
}
