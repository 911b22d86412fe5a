"""The pytest plugin of the contract."""
