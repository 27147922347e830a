"""Reads: return Select or frozen rows."""
