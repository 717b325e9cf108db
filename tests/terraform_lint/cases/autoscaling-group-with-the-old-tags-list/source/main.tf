resource "aws_autoscaling_group" "good" {
  max_size = 1
  min_size = 1
  tags = [{ key = "tenant", value = "acme", propagate_at_launch = true }]
}
resource "aws_autoscaling_group" "bad" {
  max_size = 1
  min_size = 1
  tags = [{ key = "Name", value = "x", propagate_at_launch = true }]
}
