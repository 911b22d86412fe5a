"""The commands of `tradeyard`, one file each, loaded when called.

A file `some_name.py` offers `command`, a click command, and becomes ``tradeyard some-name``; the first line of its
docstring is its line in ``tradeyard --help``, read without importing the file.
"""
