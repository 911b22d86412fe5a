"""Tests of account types, symbols and currencies."""
