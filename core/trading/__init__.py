"""Trading: accounts, orders, fills, positions, margin and the ledger, for one tenant at a time."""
