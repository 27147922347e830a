"""The courses of the demo: which protocol, whose, when it starts and what the patient wishes."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from clinic.planning.courses import Wishes

MIX = (
    ("tms_itbs_ldlpfc", 24),
    ("tms_10hz_ldlpfc_19", 16),
    ("tms_10hz_ldlpfc_37", 5),
    ("dtms_h1_mdd", 10),
    ("dtms_h7_ocd", 9),
    ("kap_programme", 8),
    ("esk_trd", 5),
    ("ket_iv_series", 5),
)
WEEKS_BACK = 8
HOURS = (8, 9, 10, 11, 12, 13, 14, 15, 16, 17)


@dataclass(frozen=True, slots=True)
class DemoCourse:
    """One course to be booked on a day of the story."""

    patient: int
    protocol: str
    booked_on: date
    wishes: Wishes


def demo_courses(rng: random.Random, *, today: date) -> list[DemoCourse]:
    """Return the courses in the order in which they are booked."""
    keys = [key for key, count in MIX for _ in range(count)]
    rng.shuffle(keys)
    courses = [_course(rng, number, key, today) for number, key in enumerate(keys)]
    return sorted(courses, key=lambda course: (course.booked_on, course.patient))


def _course(rng: random.Random, number: int, key: str, today: date) -> DemoCourse:
    back = rng.randrange(-4, WEEKS_BACK * 7 - 7)
    start = _weekday(today - timedelta(days=back))
    wish = Wishes(
        start_on=start,
        preferred_min=rng.choice(HOURS) * 60 + rng.choice((0, 0, 30)),
        tolerance_min=rng.choice((None, None, 15, 60)),
    )
    return DemoCourse(number, key, min(_weekday(start - timedelta(days=5)), today), wish)


def _weekday(on: date) -> date:
    return on + timedelta(days=(7 - on.weekday()) if on.weekday() > 4 else 0)
