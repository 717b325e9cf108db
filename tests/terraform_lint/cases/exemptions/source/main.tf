resource "aws_iam_role" "r" {
}
resource "aws_sqs_queue" "q" {
}
