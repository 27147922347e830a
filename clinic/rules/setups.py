"""What a set-up document says, as values: sites, resources, staff, blocks and patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

ALWAYS = date(2000, 1, 1)
DEVICE, COIL, NAVIGATOR = "tms_device", "coil", "navigation"
ATTACHMENTS = frozenset({COIL, NAVIGATOR})
"""What goes on a device and is held with it; every other kind is asked for by a kind of visit."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of minutes of the local day on a weekday (Monday is 0)."""

    weekday: int
    from_min: int
    to_min: int


@dataclass(frozen=True, slots=True)
class HolidaySpec:
    """A day on which a site is closed."""

    on: date
    name: str


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """A site. Hours and holidays that are None stay as they are; a tuple replaces them."""

    key: str
    name: str
    patient_name: str
    zone: str
    region: str = "US"
    address: str = ""
    phone: str = ""
    switches: Mapping[str, bool] = field(default_factory=dict)
    hours: tuple[Hours, ...] | None = None
    holidays: tuple[HolidaySpec, ...] | None = None


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """A device, room or coil. `fits` are the keys of the devices a shared coil goes on."""

    key: str
    name: str
    kind: str
    site: str
    tags: tuple[str, ...] = ()
    seats: int = 1
    fits: tuple[str, ...] = ()
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class GrantSpec:
    """A role between two dates, at one site or (site None) at all."""

    role: str
    site: str | None = None
    from_on: date = ALWAYS
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class QualificationSpec:
    """What a person is qualified for, until a date or for good."""

    qualification: str
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class ShiftSpec:
    """When a person works at a site on a weekday, between two dates."""

    site: str
    hours: Hours
    from_on: date = ALWAYS
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """Time that is shut, in wall time of the site (of a person: of the clinic's zone).

    Exactly one of `site`, `resource` and `staff` is set, each a key.
    """

    key: str
    kind: str
    from_wall: datetime
    to_wall: datetime
    reason: str = ""
    site: str | None = None
    resource: str | None = None
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class StaffSpec:
    """A person who works at the clinic; bookable when `seats` is above 0.

    `patient` is the record number of somebody who is treated here too; "" says that they are not.
    """

    key: str
    name: str
    short_name: str
    email: str | None = None
    login: str | None = None
    seats: int = 1
    is_active: bool = True
    grants: tuple[GrantSpec, ...] | None = None
    qualifications: tuple[QualificationSpec, ...] | None = None
    shifts: tuple[ShiftSpec, ...] | None = None
    leave: tuple[BlockSpec, ...] | None = None
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class PatientSpec:
    """A patient, known by the record number."""

    record_number: str
    family: str
    given: str
    preferred: str = ""
    birth_on: date | None = None
    phone: str = ""
    email: str = ""
    language: str = "en"
    zone: str | None = None
    desk_note: str = ""
    wants_email: bool = True
    login: str | None = None


@dataclass(frozen=True, slots=True)
class OrganisationSpec:
    """The clinic as a whole: its name and the defaults of its sites."""

    name: str
    zone: str
    currency: str = "USD"
    region: str = "US"


@dataclass(frozen=True, slots=True)
class Setup:
    """A whole set-up document."""

    organisation: OrganisationSpec | None
    sites: tuple[SiteSpec, ...]
    resources: tuple[ResourceSpec, ...]
    staff: tuple[StaffSpec, ...]
    blocks: tuple[BlockSpec, ...]
    patients: tuple[PatientSpec, ...]
