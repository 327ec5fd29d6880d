"""The neural network: its parts, its bundle on disk, and the predictor that serves it."""
