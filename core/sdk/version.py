"""The version of the contract."""

API_VERSION = (1, 0)
"""Major and minor. A plugin made for another major, or a later minor, is rejected at start."""
