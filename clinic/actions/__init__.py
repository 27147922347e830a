"""Writes: one verb is one function that checks, changes and audits, and never commits."""
