"""The front desk: its blueprint and the modules that register its views."""

from clinic.web.desk import home, imports, patient_forms, patients
from clinic.web.desk.blueprint import blueprint

__all__ = ["blueprint", "home", "imports", "patient_forms", "patients"]
