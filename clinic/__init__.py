"""Coursekeeper: scheduling and treatment courses for TMS and KAP clinics."""

__version__ = "0.1.0"
