resource "aws_launch_template" "good" {
  tags = { tenant = "acme" }
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.value
      tags          = { tenant = "acme" }
    }
  }
}
resource "aws_launch_template" "bad" {
  tags = { tenant = "acme" }
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.value
      tags          = { Name = tag_specifications.key }
    }
  }
}
resource "aws_instance" "generated" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  dynamic "root_block_device" {
    for_each = [20]
    content {
      volume_size = root_block_device.value
      tags        = { tenant = "acme" }
    }
  }
}
resource "aws_instance" "generated_bad" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tags          = { tenant = "acme" }
  dynamic "ebs_block_device" {
    for_each = ["/dev/sdf"]
    content {
      device_name = ebs_block_device.value
    }
  }
  root_block_device {
    volume_size = 20
    tags        = { tenant = "acme" }
  }
}
