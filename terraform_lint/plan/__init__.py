"""Plan JSON: what ``terraform show -json`` says will be created, changed or kept."""
