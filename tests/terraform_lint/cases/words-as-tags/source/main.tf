resource "digitalocean_droplet" "good" {
  tags = ["web", "tenant:acme"]
}
resource "digitalocean_droplet" "bad" {
  tags = ["web", "acme"]
}
