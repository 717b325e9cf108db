provider "aws" {
  default_tags {
    tags = { tenant = "acme" }
  }
}
resource "aws_autoscaling_group" "a" {
  max_size = 1
  min_size = 1
}
resource "aws_autoscaling_group" "b" {
  max_size = 1
  min_size = 1
  tag {
    key                 = "tenant"
    value               = "acme"
    propagate_at_launch = true
  }
}
