"""Dollar-cost averaging for Tradeyard's bots."""
