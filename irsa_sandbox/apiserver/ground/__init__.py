"""What every other room stands on: statuses, resources, forms of texts."""
