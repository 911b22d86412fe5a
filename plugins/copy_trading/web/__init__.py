"""Pages and API of copy trading."""
