output "tags" {
  value = { tenant = "acme" }
}
output "nothing" {
  value = ""
}
