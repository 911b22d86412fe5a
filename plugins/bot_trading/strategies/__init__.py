"""Strategies: pure functions from a state and an event to a new state and the orders wanted.

Nothing in this package reads a clock, a setting, a database or a network. The running bot, the launch preview and a
run over recorded prices call the same code, so they give the same figures on the same prices.
"""
