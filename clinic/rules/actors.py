"""Who acts: a frozen picture of the person or job behind a change."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clinic.rules.permissions import Permission, permissions_of

Rights = tuple[tuple[int | None, frozenset[Permission]], ...]
"""What is allowed at which site; None stands for every site."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An account with its rights at this moment, or a named job of the clinic itself.

    Exactly one of `account_id` and `system` is set. `patient_id` is whose door a patient's account
    opens; `own_patient_id` is the patient that a member of staff is too.
    """

    account_id: int | None
    rights: Rights = ()
    staff_id: int | None = None
    patient_id: int | None = None
    own_patient_id: int | None = None
    name: str = ""
    roles: tuple[str, ...] = ()
    system: str | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return all that is allowed anywhere: it opens doors and fills menus, and no more."""
        return frozenset[Permission]().union(*(held for _, held in self.rights))

    def may(self, permission: Permission) -> bool:
        """Say whether the permission is held at any site; the clinic's own jobs hold all."""
        return self.system is not None or permission in self.permissions

    def may_at(self, permission: Permission, site_id: int | None) -> bool:
        """Say whether the permission is held at a site; None asks for every site."""
        sites = self.sites_with(permission)
        return sites is None or site_id in sites

    def sites_with(self, permission: Permission) -> frozenset[int] | None:
        """Return the sites at which the permission is held, None for every site."""
        held = {site_id for site_id, rights in self.rights if permission in rights}
        if self.system is not None or None in held:
            return None
        return frozenset(site_id for site_id in held if site_id is not None)

    def is_patient(self, patient_id: int) -> bool:
        """Say whether this member of staff is that patient."""
        return self.own_patient_id == patient_id


def rights_of(grants: Iterable[tuple[str, int | None]]) -> Rights:
    """Return the rights of roles with their sites (None: every site); at one site they add up."""
    roles: dict[int | None, list[str]] = defaultdict(list)
    for role, site_id in grants:
        roles[site_id].append(role)
    return tuple((site_id, permissions_of(held)) for site_id, held in roles.items())


def system_actor(name: str) -> Actor:
    """Return the actor of a job, for example the missed sweep."""
    return Actor(account_id=None, system=name, name=name)
