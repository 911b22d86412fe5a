"""What a brokerage offers: account types, symbols and currencies, changed safely while customers trade on them."""
