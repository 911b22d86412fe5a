"""Carrying a master's fills to the followers: a chunk of a shard at a time, in a few set-based statements."""
