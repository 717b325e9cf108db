resource "azurerm_resource_group" "g" {
  name = "g"
  tags = { tenant = "acme" }
}
resource "azurerm_storage_account" "good" {
  resource_group_name = azurerm_resource_group.g.name
  tags                = azurerm_resource_group.g.tags
}
resource "azurerm_storage_account" "merged" {
  tags = merge(azurerm_resource_group.g.tags, { tenant = "" })
}
resource "azurerm_storage_account" "bad" {
  resource_group_name = azurerm_resource_group.g.name
}
