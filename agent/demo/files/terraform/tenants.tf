# One queue per customer, tagged from the list it is made of.

variable "tenants" {
  type    = list(string)
  default = ["aldervane", "cindermoor", "duskwater"]
}

resource "aws_sqs_queue" "events" {
  for_each = toset(var.tenants)
  name     = "events-${each.key}"
  tags     = { tenant = each.key, team = "core" }
}

# Shared on purpose: a valid answer, its cost goes to a pool.
resource "aws_msk_cluster" "events" {
  cluster_name           = "events"
  kafka_version          = "3.7.x"
  number_of_broker_nodes = 3
  broker_node_group_info {
    instance_type   = "kafka.m5.2xlarge"
    client_subnets  = ["subnet-0a", "subnet-0b", "subnet-0c"]
    security_groups = ["sg-0a"]
  }
  tags = { tenant = "shared", team = "runtime" }
}
