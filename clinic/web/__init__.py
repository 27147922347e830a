"""The web: one blueprint for each audience."""
