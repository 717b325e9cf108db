provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { tenant = "acme" }
  }
}
provider "aws" {
  alias  = "bare"
  region = "us-east-1"
}
module "default" {
  source = "./outer"
}
module "bare" {
  source    = "./outer"
  providers = { aws = aws.bare }
}
