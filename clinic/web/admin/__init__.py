"""The administrator's door: its blueprint and the modules that register its views."""

from clinic.web.admin import (
    blocks,
    home,
    people,
    people_pages,
    policies,
    protocols,
    resource_pages,
    resources,
    site_pages,
    sites,
)
from clinic.web.admin.blueprint import blueprint

__all__ = [
    "blocks",
    "blueprint",
    "home",
    "people",
    "people_pages",
    "policies",
    "protocols",
    "resource_pages",
    "resources",
    "site_pages",
    "sites",
]
