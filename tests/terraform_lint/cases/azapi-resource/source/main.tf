resource "azapi_resource" "good" {
  type = "Microsoft.Storage/storageAccounts@2023-01-01"
  tags = { tenant = "acme" }
}
resource "azapi_resource" "bad" {
  type = "Microsoft.Storage/storageAccounts@2023-01-01"
  tags = { team = "x" }
}
