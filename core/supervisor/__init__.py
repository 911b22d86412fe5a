"""`tradeyard up`: one process that imports everything once, forks the others, and answers for them."""
