terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.30.0"
    }
  }
}
provider "aws" {
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_instance" "root" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { Name = "x" }
  root_block_device {
    volume_size = 20
  }
}
