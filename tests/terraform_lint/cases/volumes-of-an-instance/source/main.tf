resource "aws_instance" "volume_tags" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  volume_tags   = { tenant = "acme" }
}
resource "aws_instance" "volume_tags_bad" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  volume_tags   = { Name = "x" }
}
resource "aws_instance" "root" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  root_block_device {
    volume_size = 20
    tags        = { tenant = "acme" }
  }
}
resource "aws_instance" "root_bad" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  root_block_device {
    volume_size = 20
  }
}
resource "aws_instance" "ebs_bad" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  root_block_device {
    volume_size = 20
    tags        = { tenant = "acme" }
  }
  ebs_block_device {
    device_name = "/dev/sdf"
    tags        = { Name = "x" }
  }
}
resource "aws_instance" "both" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  root_block_device {
    volume_size = 20
    tags        = { tenant = "acme" }
  }
  ebs_block_device {
    device_name = "/dev/sdf"
    tags        = { tenant = "acme" }
  }
}
resource "aws_instance" "covered" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  volume_tags   = { tenant = "acme" }
  root_block_device {
    volume_size = 20
  }
}
