locals {
  tags = { tenant = "acme", env = "prod" }
}
resource "aws_autoscaling_group" "good" {
  max_size = 1
  min_size = 1
  tag {
    key                 = "tenant"
    value               = "acme"
    propagate_at_launch = true
  }
}
resource "aws_autoscaling_group" "none" {
  max_size = 1
  min_size = 1
}
resource "aws_autoscaling_group" "other" {
  max_size = 1
  min_size = 1
  tag {
    key                 = "Name"
    value               = "x"
    propagate_at_launch = true
  }
}
resource "aws_autoscaling_group" "empty" {
  max_size = 1
  min_size = 1
  tag {
    key                 = "tenant"
    value               = ""
    propagate_at_launch = true
  }
}
resource "aws_autoscaling_group" "kept" {
  max_size = 1
  min_size = 1
  tag {
    key                 = "tenant"
    value               = "acme"
    propagate_at_launch = false
  }
}
resource "aws_autoscaling_group" "moving" {
  max_size = 1
  min_size = 1
  dynamic "tag" {
    for_each = local.tags
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}
resource "aws_autoscaling_group" "moving_kept" {
  max_size = 1
  min_size = 1
  dynamic "tag" {
    for_each = [for k, v in local.tags : { k = k, v = v }]
    iterator = each_tag
    content {
      key                 = each_tag.value.k
      value               = each_tag.value.v
      propagate_at_launch = false
    }
  }
}
