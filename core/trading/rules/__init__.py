"""The rules of trading as pure functions over `Decimal`: no database, no clock, no settings.

Live orders, the lanes, previews and tests all call these, so that the same prices give the same figures everywhere.
"""
