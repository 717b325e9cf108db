resource "random_pet" "p" {
}
resource "aws_autoscaling_group" "value" {
  max_size = 1
  min_size = 1
  tag {
    key                 = "tenant"
    value               = "${random_pet.p.id}"
    propagate_at_launch = true
  }
}
resource "aws_autoscaling_group" "blocks" {
  max_size = 1
  min_size = 1
  dynamic "tag" {
    for_each = { for k in [random_pet.p.id] : k => "x" }
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}
