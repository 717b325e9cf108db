"""What a user configures: the models, how they are read together, and their JSON Schemas."""
