"""Revisions of bot trading's tables."""
