"""Live pages: one subscription for each process, ready bytes for each browser."""
