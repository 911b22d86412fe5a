"""Martingale: sizes grow while a cycle goes against it; a ladder of levels, or safety orders on an average."""
