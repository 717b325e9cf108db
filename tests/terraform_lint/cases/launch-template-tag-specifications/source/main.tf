provider "aws" {
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_launch_template" "good" {
  tags = { tenant = "acme" }
  tag_specifications {
    resource_type = "instance"
    tags          = { tenant = "acme" }
  }
  tag_specifications {
    resource_type = "volume"
    tags          = { tenant = "acme" }
  }
}
resource "aws_launch_template" "volume" {
  tags = { tenant = "acme" }
  tag_specifications {
    resource_type = "instance"
    tags          = { tenant = "acme" }
  }
  tag_specifications {
    resource_type = "volume"
    tags          = { Name = "x" }
  }
}
resource "aws_launch_template" "instance" {
  tags = { tenant = "acme" }
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "x" }
  }
  tag_specifications {
    resource_type = "volume"
    tags          = { tenant = "acme" }
  }
}
