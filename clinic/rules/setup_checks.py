"""What makes no sense between the parts of a set-up: doubles, unknown names, missing coils."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from clinic.rules.permissions import Role
from clinic.rules.setup_reading import Problem
from clinic.rules.setups import (
    COIL,
    DEVICE,
    WEEKDAYS,
    BlockSpec,
    ResourceSpec,
    Setup,
    ShiftSpec,
    StaffSpec,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the clinic has already: site keys, kind and site of resources by key, coil tags.

    `kinds` are those a resource may be of, none while no kind of visit is loaded. `stimulators` are
    the devices and the shared coils as they stand.
    """

    sites: frozenset[str] = frozenset()
    resources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    coil_tags: frozenset[str] = frozenset()
    stimulators: Mapping[str, ResourceSpec] = field(default_factory=dict)


def setup_problems(setup: Setup, known: Known) -> list[Problem]:
    """Return (path, code, values) of each entry that does not go with the others."""
    sites = known.sites | {spec.key for spec in setup.sites}
    resources = dict(known.resources)
    resources.update({spec.key: (spec.kind, spec.site) for spec in setup.resources})
    problems = [*_doubles(setup)]
    for index, spec in enumerate(setup.resources):
        at = f"$.resources[{index}]"
        if spec.site not in sites:
            problems.append((f"{at}.site", "site_unknown", {"site": spec.site}))
        if known.kinds and spec.kind not in known.kinds:
            kinds = ", ".join(sorted(known.kinds))
            problems.append((f"{at}.kind", "kind_unknown", {"kind": spec.kind, "kinds": kinds}))
        problems += _fit_problems(at, spec, resources)
    problems += _bare_devices(setup.resources, known.coil_tags, known.stimulators)
    for index, person in enumerate(setup.staff):
        problems += _person_problems(f"$.staff[{index}]", person, sites)
    people = {spec.key for spec in setup.staff if spec.seats}
    for index, block in enumerate(setup.blocks):
        problems += _block_problems(f"$.blocks[{index}]", block, sites, resources, people)
    return problems


def _doubles(setup: Setup) -> Iterator[Problem]:
    """Yield each key that was given before in its section, and each log-in given twice."""
    keys: dict[str, list[str]] = {
        "sites": [spec.key for spec in setup.sites],
        "resources": [spec.key for spec in setup.resources],
        "staff": [spec.key for spec in setup.staff],
        "patients": [spec.record_number for spec in setup.patients],
    }
    for section, found in keys.items():
        seen: set[str] = set()
        for index, key in enumerate(found):
            if key in seen:
                name = "record_number" if section == "patients" else "key"
                yield f"$.{section}[{index}].{name}", "given_twice", {"value": key}
            seen.add(key)
    yield from _double_blocks(setup)
    yield from _double_logins(setup)


def _double_blocks(setup: Setup) -> Iterator[Problem]:
    """Yield each key of a block given before; leave is a block too, named by its start at least."""
    keys = [
        (f"$.staff[{person}].leave[{index}].key", block.key)
        for person, spec in enumerate(setup.staff)
        for index, block in enumerate(spec.leave or ())
    ]
    keys += [(f"$.blocks[{index}].key", block.key) for index, block in enumerate(setup.blocks)]
    seen: set[str] = set()
    for at, key in keys:
        if key in seen:
            yield at, "given_twice", {"value": key}
        seen.add(key)


def _double_logins(setup: Setup) -> Iterator[Problem]:
    logins = [(f"$.staff[{n}]", spec.login) for n, spec in enumerate(setup.staff)]
    logins += [(f"$.patients[{n}]", spec.login) for n, spec in enumerate(setup.patients)]
    seen: set[str] = set()
    for at, login in logins:
        if login is not None and login in seen:
            yield f"{at}.login", "given_twice", {"value": login}
        seen.add(login or "")


def _fit_problems(
    at: str, spec: ResourceSpec, resources: Mapping[str, tuple[str, str]]
) -> Iterator[Problem]:
    for index, device in enumerate(spec.fits):
        here = f"{at}.fits[{index}]"
        if device not in resources:
            yield here, "resource_unknown", {"resource": device}
        elif resources[device][1] != spec.site:
            yield here, "fits_other_site", {"resource": device}
        elif resources[device][0] != DEVICE:
            yield here, "fits_no_device", {"resource": device}


def _bare_devices(
    resources: Sequence[ResourceSpec], coil_tags: frozenset[str], known: Mapping[str, ResourceSpec]
) -> Iterator[Problem]:
    """Yield each stimulator without a coil: none in its tags, no shared one in use that goes on it.

    One that only loses its coil by the document is named at that coil.
    """
    if not coil_tags:
        return
    then = {**known, **{spec.key: spec for spec in resources}}
    fitted, fitted_before = _fitted(then, coil_tags), _fitted(known, coil_tags)
    coils = ", ".join(sorted(coil_tags))
    given = {spec.key for spec in resources}
    for index, spec in enumerate(resources):
        at = f"$.resources[{index}]"
        if _is_bare(spec, coil_tags) and spec.key not in fitted:
            yield f"{at}.tags", "device_without_coil", {"coils": coils}
        before = known.get(spec.key)
        for device in before.fits if before is not None and before.kind == COIL else ():
            if device in fitted_before - fitted - given and then[device].is_active:
                yield f"{at}.fits", "device_loses_coil", {"resource": device, "coils": coils}


def _is_bare(spec: ResourceSpec, coil_tags: frozenset[str]) -> bool:
    """Say whether this is a stimulator in use that has no coil of its own."""
    return spec.kind == DEVICE and spec.is_active and not coil_tags & {*spec.tags}


def _fitted(things: Mapping[str, ResourceSpec], coil_tags: frozenset[str]) -> frozenset[str]:
    """Return the keys of the devices that have a coil: in their tags, or a shared one in use."""
    carriers = [spec for spec in things.values() if coil_tags & {*spec.tags}]
    own = {spec.key for spec in carriers if spec.kind == DEVICE}
    coils = [spec for spec in carriers if spec.kind == COIL and spec.is_active]
    return frozenset(own.union(*(spec.fits for spec in coils)))


def _person_problems(at: str, person: StaffSpec, sites: Collection[str]) -> Iterator[Problem]:
    known_roles = {role.value for role in Role}
    for index, grant in enumerate(person.grants or ()):
        if grant.role not in known_roles:
            yield f"{at}.roles[{index}].role", "role_unknown", {"role": grant.role}
        if grant.site is not None and grant.site not in sites:
            yield f"{at}.roles[{index}].site", "site_unknown", {"site": grant.site}
    for site in sorted({shift.site for shift in person.shifts or ()} - {*sites}):
        yield f"{at}.shifts", "site_unknown", {"site": site}
    if person.seats == 0 and (person.shifts or person.leave):
        yield f"{at}.seats", "shift_without_seat", {"staff": person.key}
    yield from _shift_problems(at, person.shifts or ())


def _shift_problems(at: str, shifts: Sequence[ShiftSpec]) -> Iterator[Problem]:
    """Yield each weekday on which a person would work twice at one time, here or elsewhere."""
    days = {one.hours.weekday for pair in combinations(shifts, 2) if _clash(*pair) for one in pair}
    for weekday in sorted(days):
        yield f"{at}.shifts", "shifts_overlap", {"weekday": WEEKDAYS[weekday]}


def _clash(one: ShiftSpec, other: ShiftSpec) -> bool:
    """Say whether two shifts share a minute of a day on which both are in force."""
    a, b = one.hours, other.hours
    return (
        a.weekday == b.weekday
        and max(a.from_min, b.from_min) < min(a.to_min, b.to_min)
        and max(one.from_on, other.from_on)
        <= min(one.until_on or date.max, other.until_on or date.max)
    )


def _block_problems(
    at: str,
    block: BlockSpec,
    sites: Collection[str],
    resources: Mapping[str, tuple[str, str]],
    people: Collection[str],
) -> Iterator[Problem]:
    if block.site is not None and block.site not in sites:
        yield f"{at}.site", "site_unknown", {"site": block.site}
    if block.resource is not None and block.resource not in resources:
        yield f"{at}.resource", "resource_unknown", {"resource": block.resource}
    person = None if block.staff is None else f"person:{block.staff}"
    if person is not None and block.staff not in people and person not in resources:
        yield f"{at}.staff", "staff_unknown", {"staff": str(block.staff)}
