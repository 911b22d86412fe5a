"""Reverse Martingale: sizes grow with a winning streak, or turn with each loss."""
