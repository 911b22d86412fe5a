"""Where orders execute: the house, or venues that plugins bring."""

from core.venues.port import HOUSE, Venue, VenueAnswer, VenueFill, VenueOrder

__all__ = ["HOUSE", "Venue", "VenueAnswer", "VenueFill", "VenueOrder"]
