"""Spot Grid: a ladder of cells, each with exactly one resting order."""
