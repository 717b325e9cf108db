resource "aws_sqs_queue" "a" {
  policy = <<-EOT
    tags = {
      tenant = "acme"
    }
  EOT
  tags = {
    # tenant = "acme"
    Description = "tenant = acme"
  }
}
