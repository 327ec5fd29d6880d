"""Making models: data, training, evaluation. Nothing here is needed to serve."""
