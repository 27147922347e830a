"""Treatments: the protocol of a course as it was chosen, and which earlier course it repeats.

Maintenance and retreatment take device, slot and first slot of an earlier course (facts, courses).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.errors import NotFound, RuleBroken
from clinic.models.courses import Course
from clinic.queries.definitions import DefinitionKind, current_ids, protocol, protocols
from clinic.rules.courses import CourseStatus
from clinic.rules.data import DataError
from clinic.rules.protocols import Protocol, repeating, with_choice


@dataclass(frozen=True, slots=True)
class Repeated:
    """The treatment that a course repeats; `course_id` None for one that was given elsewhere."""

    definition_id: int
    variant: str | None
    name: str
    course_id: int | None = None


@dataclass(frozen=True, slots=True)
class EarlierCourse:
    """A course of a patient that can be repeated: when it began, and what it was."""

    public_id: str
    start_on: date
    repeated: Repeated


def treatment(session: Session, course: Course) -> Protocol:
    """Return the protocol of a course: its variant or route, and what it takes from an earlier."""
    chosen = with_choice(protocol(session, course.definition_id), course.variant)
    if course.index_definition_id is None:
        return chosen
    return repeating(chosen, _given(session, course.index_definition_id, course.index_variant))


def treatment_after(session: Session, chosen: Protocol, repeated: Repeated | None) -> Protocol:
    """Return a protocol as it repeats an earlier treatment, or as it stands where it repeats none.

    RuleBroken when it has to repeat one and none is given, or repeats none and one is.
    """
    if chosen.repeat is None:
        if repeated is not None:
            raise RuleBroken("repeats_nothing", protocol=chosen.key)
        return chosen
    if repeated is None:
        raise RuleBroken("repeats_what", protocol=chosen.key)
    return repeating(chosen, _given(session, repeated.definition_id, repeated.variant))


def earlier_courses(session: Session, *, patient_id: int, modality: str) -> list[EarlierCourse]:
    """Return the courses of a patient that one of this modality can repeat, the newest first.

    What itself repeats a course stands for that one.
    """
    rows = session.scalars(
        select(Course)
        .where(Course.patient_id == patient_id, Course.status != CourseStatus.ENTERED_IN_ERROR)
        .order_by(Course.start_on.desc(), Course.id.desc())
    )
    found = []
    for row in rows:
        version = protocol(session, row.definition_id)
        repeated = _repeated(session, row)
        if version.modality == modality and repeated is not None:
            found.append(EarlierCourse(row.public_id, row.start_on, repeated))
    return found


def repeated_by(
    session: Session, *, patient_id: int, reference: str | None, modality: str
) -> Repeated | None:
    """Return what a reference names: an earlier course, or a protocol ("key" or "key:variant").

    Without one it is the newest course that can be repeated, None when there is none. NotFound for
    a reference that names neither.
    """
    earlier = earlier_courses(session, patient_id=patient_id, modality=modality)
    if not reference:
        return earlier[0].repeated if earlier else None
    for one in earlier:
        if one.public_id == reference:
            return one.repeated
    key, _, variant = reference.partition(":")
    known = protocols(session).get(key)
    if known is None or known.modality != modality or known.repeat is not None:
        raise NotFound("repeated_unknown", repeated=reference)
    definition_id = current_ids(session, DefinitionKind.PROTOCOL)[key]
    found = Repeated(definition_id, variant or None, known.name)
    _given(session, found.definition_id, found.variant)
    return found


def repeated_of(session: Session, course: Course) -> Repeated | None:
    """Return the treatment that a course repeats, None where it repeats none."""
    if course.index_definition_id is None:
        return None
    name = protocol(session, course.index_definition_id).name
    return Repeated(course.index_definition_id, course.index_variant, name, course.index_course_id)


def reference_of(session: Session, course: Course) -> str:
    """Return the words by which what a course repeats is named again, "" where it repeats none."""
    if course.index_course_id is not None:
        return session.get_one(Course, course.index_course_id).public_id
    if course.index_definition_id is None:
        return ""
    key = protocol(session, course.index_definition_id).key
    return f"{key}:{course.index_variant}" if course.index_variant else key


def _repeated(session: Session, row: Course) -> Repeated | None:
    """Return what a course is repeated as; None for one that repeats nobody knows what."""
    version = protocol(session, row.definition_id)
    if version.repeat is None:
        return Repeated(row.definition_id, row.variant, version.name, row.id)
    return repeated_of(session, row)


def _given(session: Session, definition_id: int, variant: str | None) -> Protocol:
    try:
        return with_choice(protocol(session, definition_id), variant)
    except DataError as error:
        raise NotFound("repeated_unknown", repeated=variant) from error
