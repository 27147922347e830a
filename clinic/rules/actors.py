"""Who acts: a frozen picture of the person or job behind a change."""

from dataclasses import dataclass

from clinic.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class Actor:
    """An account with its rights at this moment, or a named job of the clinic itself.

    Exactly one of `account_id` and `system` is set. `site_ids` None means every site.
    """

    account_id: int | None
    permissions: frozenset[Permission] = frozenset()
    staff_id: int | None = None
    patient_id: int | None = None
    name: str = ""
    roles: tuple[str, ...] = ()
    site_ids: frozenset[int] | None = None
    system: str | None = None

    def may(self, permission: Permission) -> bool:
        """Say whether this actor holds the permission; the clinic's own jobs hold all."""
        return self.system is not None or permission in self.permissions


def system_actor(name: str) -> Actor:
    """Return the actor of a job, for example the missed sweep."""
    return Actor(account_id=None, system=name, name=name)
