"""The rules of copy trading as pure functions: no database, no clock, no settings read at import."""
