"""Read a set-up document that has passed its schema: values, and every problem with its path."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import available_timezones

from clinic.rules.people import FIRST_LANGUAGE, LANGUAGES, YEARS
from clinic.rules.setups import (
    ALWAYS,
    WEEKDAYS,
    BlockSpec,
    GrantSpec,
    HolidaySpec,
    Hours,
    OrganisationSpec,
    PatientSpec,
    QualificationSpec,
    ResourceSpec,
    Setup,
    ShiftSpec,
    SiteSpec,
    StaffSpec,
)
from clinic.rules.wall_days import CELL_MIN

Row = Mapping[str, object]
Problem = tuple[str, str, Mapping[str, str | int]]

STAND_IN = datetime.fromisoformat("2000-01-01")


def read_setup(document: Row) -> tuple[Setup, list[Problem]]:
    """Return the set-up and (path, code, values) of each value that makes no sense.

    With problems, the set-up holds stand-ins at their places and must not be applied.
    """
    reader = _Reader()
    clinic = document.get("clinic")
    setup = Setup(
        organisation=reader.organisation(clinic) if isinstance(clinic, Mapping) else None,
        sites=tuple(reader.site(at, row) for at, row in _rows(document, "sites", "$")),
        resources=tuple(_resource(row) for _at, row in _rows(document, "resources", "$")),
        staff=tuple(reader.person(at, row) for at, row in _rows(document, "staff", "$")),
        blocks=tuple(reader.block(at, row) for at, row in _rows(document, "blocks", "$")),
        patients=tuple(reader.patient(at, row) for at, row in _rows(document, "patients", "$")),
    )
    return setup, reader.problems


class _Reader:
    """Turns text into dates, times and zones, and remembers what it could not read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def organisation(self, row: Row) -> OrganisationSpec:
        self.zone("$.clinic.zone", _text(row, "zone"))
        return OrganisationSpec(
            _text(row, "name"),
            _text(row, "zone"),
            _text(row, "currency", "USD"),
            _text(row, "region", "US"),
        )

    def site(self, at: str, row: Row) -> SiteSpec:
        self.zone(f"{at}.zone", _text(row, "zone"))
        holidays = tuple(
            HolidaySpec(self.day(f"{here}.on", entry["on"]) or ALWAYS, _text(entry, "name"))
            for here, entry in _rows(row, "holidays", at)
        )
        self.doubles(f"{at}.holidays", [spec.on.isoformat() for spec in holidays])
        switches = row.get("switches")
        return SiteSpec(
            key=_text(row, "key"),
            name=_text(row, "name"),
            patient_name=_text(row, "patient_name", _text(row, "name")),
            zone=_text(row, "zone"),
            region=_text(row, "region", "US"),
            address=_text(row, "address"),
            phone=_text(row, "phone"),
            switches={
                str(name): bool(on)
                for name, on in (switches if isinstance(switches, Mapping) else {}).items()
            },
            hours=self.week(row, at) if "hours" in row else None,
            holidays=holidays if "holidays" in row else None,
        )

    def week(self, row: Row, at: str) -> tuple[Hours, ...]:
        """Return opening hours in order of the week; overlapping ones are a problem."""
        found = [
            hours
            for here, entry in _rows(row, "hours", at)
            for hours in self.hours(here, entry, "hours_end_before_start")
        ]
        self.overlaps(f"{at}.hours", found)
        return tuple(sorted(found, key=lambda one: (one.weekday, one.from_min)))

    def hours(self, at: str, row: Row, code: str) -> tuple[Hours, ...]:
        first, last = _minutes(_text(row, "from")), _minutes(_text(row, "to"))
        days = _strings(row.get("days"))
        values = {"from": _text(row, "from"), "to": _text(row, "to"), "weekday": days[0]}
        if first >= last:
            self.problems.append((at, code, values))
        if first % CELL_MIN or last % CELL_MIN:
            self.problems.append((at, "hours_off_grid", {**values, "minutes": CELL_MIN}))
        return tuple(Hours(WEEKDAYS.index(day), first, last) for day in days)

    def person(self, at: str, row: Row) -> StaffSpec:
        shifts = tuple(
            shift for here, entry in _rows(row, "shifts", at) for shift in self.shift(here, entry)
        )
        key, name = _text(row, "key"), _text(row, "name")
        return StaffSpec(
            key=key,
            name=name,
            short_name=_text(row, "short_name", name.split()[0]),
            email=_text(row, "email") or None,
            login=_text(row, "login") or None,
            seats=_int(row, "seats", 1),
            is_active=row.get("active") is not False,
            grants=self.grants(row, at) if "roles" in row else None,
            qualifications=self.qualifications(row, at) if "qualifications" in row else None,
            shifts=shifts if "shifts" in row else None,
            leave=self.leave(row, at, key) if "leave" in row else None,
            patient=_text(row, "patient") if "patient" in row else None,
        )

    def grants(self, row: Row, at: str) -> tuple[GrantSpec, ...]:
        return tuple(
            GrantSpec(_text(entry, "role"), _text(entry, "site") or None, *self.span(here, entry))
            for here, entry in _rows(row, "roles", at)
        )

    def span(self, at: str, row: Row, ending: str = "") -> tuple[date, date | None]:
        """Return the dates between which something holds; the end may not lie before the start."""
        start = self.day(f"{at}.from{ending}", row.get(f"from{ending}")) or ALWAYS
        until = self.day(f"{at}.until{ending}", row.get(f"until{ending}"))
        if until is not None and until < start:
            self.problems.append((at, "end_before_start", {}))
        return start, until

    def qualifications(self, row: Row, at: str) -> tuple[QualificationSpec, ...]:
        found = tuple(
            QualificationSpec(
                _text(entry, "qualification"), self.day(f"{here}.until", entry.get("until"))
            )
            for here, entry in _rows(row, "qualifications", at)
        )
        self.doubles(f"{at}.qualifications", [spec.qualification for spec in found])
        return found

    def shift(self, at: str, row: Row) -> tuple[ShiftSpec, ...]:
        start, until = self.span(at, row, "_on")
        return tuple(
            ShiftSpec(_text(row, "site"), hours, start, until)
            for hours in self.hours(at, row, "shift_across_midnight")
        )

    def leave(self, row: Row, at: str, staff: str) -> tuple[BlockSpec, ...]:
        return tuple(
            self.block(
                here,
                {
                    "key": f"leave:{staff}:{_text(entry, 'from')}",
                    "kind": "leave",
                    "staff": staff,
                    **entry,
                },
            )
            for here, entry in _rows(row, "leave", at)
        )

    def block(self, at: str, row: Row) -> BlockSpec:
        start, end = self.wall(f"{at}.from", row["from"]), self.wall(f"{at}.to", row["to"])
        if start is not None and end is not None and start >= end:
            self.problems.append((at, "end_before_start", {}))
        return BlockSpec(
            key=_text(row, "key"),
            kind=_text(row, "kind"),
            from_wall=start or STAND_IN,
            to_wall=end or STAND_IN,
            reason=_text(row, "reason"),
            site=_text(row, "site") or None,
            resource=_text(row, "resource") or None,
            staff=_text(row, "staff") or None,
        )

    def patient(self, at: str, row: Row) -> PatientSpec:
        zone = _text(row, "zone") or None
        if zone is not None:
            self.zone(f"{at}.zone", zone)
        return PatientSpec(
            record_number=_text(row, "record_number"),
            family=_text(row, "family"),
            given=_text(row, "given"),
            preferred=_text(row, "preferred"),
            birth_on=self.day(f"{at}.birth_on", row.get("birth_on")),
            phone=_text(row, "phone"),
            email=_text(row, "email"),
            language=self.language(f"{at}.language", row),
            zone=zone,
            desk_note=_text(row, "desk_note"),
            wants_email=row.get("wants_email") is not False,
            login=_text(row, "login") or None,
        )

    def language(self, at: str, row: Row) -> str:
        """Return the language somebody is written to in; another than ours is a problem."""
        language = _text(row, "language", FIRST_LANGUAGE)
        if language not in LANGUAGES:
            values = {"language": language, "known": ", ".join(LANGUAGES)}
            self.problems.append((at, "language_unknown", values))
        return language

    def zone(self, at: str, name: str) -> None:
        """Remember a zone that the machine's zone data do not know."""
        if not zone_exists(name):
            self.problems.append((at, "zone_unknown", {"zone": name}))

    def day(self, at: str, value: object) -> date | None:
        """Return a date; None when there is none, or when it is none of the calendar's."""
        if not isinstance(value, str):
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.problems.append((at, "date_impossible", {"date": value}))
            return None

    def wall(self, at: str, value: object) -> datetime | None:
        """Return a wall time without zone; None when it is none of the calendar's."""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.problems.append((at, "date_impossible", {"date": str(value)}))
            return None
        if found.year not in YEARS:  # the ends of the calendar have no instant in every zone
            self.problems.append((at, "date_too_far", {"date": str(value)}))
        return found

    def doubles(self, at: str, keys: Sequence[str]) -> None:
        for index, key in enumerate(keys):
            if key in keys[:index]:
                self.problems.append((f"{at}[{index}]", "key_twice", {"key": key}))

    def overlaps(self, at: str, hours: Sequence[Hours]) -> None:
        ordered = sorted(hours, key=lambda one: (one.weekday, one.from_min))
        for before, after in pairwise(ordered):
            if before.weekday == after.weekday and after.from_min < before.to_min:
                day = {"weekday": WEEKDAYS[after.weekday]}
                self.problems.append((at, "hours_overlap", day))


def zone_exists(name: str) -> bool:
    """Say whether it is a zone by name; what stands for the machine's own zone is none."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def _resource(row: Row) -> ResourceSpec:
    return ResourceSpec(
        key=_text(row, "key"),
        name=_text(row, "name"),
        kind=_text(row, "kind"),
        site=_text(row, "site"),
        tags=tuple(_strings(row.get("tags"))),
        seats=_int(row, "seats", 1),
        fits=tuple(_strings(row.get("fits"))),
        position=_int(row, "position", 0),
        is_active=row.get("active") is not False,
    )


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _rows(row: Row, name: str, at: str) -> list[tuple[str, Row]]:
    value = row.get(name)
    rows = value if isinstance(value, list) else []
    return [(f"{at}.{name}[{index}]", entry) for index, entry in enumerate(rows)]


def _text(row: Row, name: str, default: str = "") -> str:
    value = row.get(name)
    return value if isinstance(value, str) else default


def _int(row: Row, name: str, default: int) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else default


def _strings(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []
