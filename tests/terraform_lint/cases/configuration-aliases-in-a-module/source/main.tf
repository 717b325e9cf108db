provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { tenant = "acme" }
  }
}
provider "aws" {
  alias  = "dns"
  region = "us-east-1"
}
module "a" {
  source    = "./m"
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }
}
