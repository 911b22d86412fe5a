"""A trade journal: how often each account has traded, and what its owner thought of it."""
