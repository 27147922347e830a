"""The words of letters to patients, in English and Spanish.

They name the clinic neutrally, the day, the time and a phone number: never a treatment, drug,
diagnosis, speciality, session number or balance. A subject names the clinic only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from clinic.messaging.base import Mail
from clinic.rules.messages import Letter, LetterVisit, MessageKind
from clinic.rules.people import FIRST_LANGUAGE

NOON = 12 * 60


@dataclass(frozen=True, slots=True)
class Words:
    """One language: names of days and months, and a subject and first line for each kind."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    halves: tuple[str, str]
    hello: str
    subjects: Mapping[MessageKind, str]
    openings: Mapping[MessageKind, str]
    not_fixed: str
    closing: str


ENGLISH = Words(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    day="{weekday} {day} {month}",
    halves=("AM", "PM"),
    hello="Hello,",
    subjects={
        MessageKind.REMINDER: "Reminder from {clinic}",
        MessageKind.COURSE_BOOKED: "Your visits at {clinic}",
        MessageKind.COURSE_APPROVED: "Your visits at {clinic}",
        MessageKind.COURSE_ENDED: "Your visits at {clinic} are cancelled",
        MessageKind.APPOINTMENT_BOOKED: "Your visit at {clinic}",
        MessageKind.APPOINTMENT_MOVED: "New time for your visit at {clinic}",
        MessageKind.APPOINTMENT_CANCELLED: "Your visit at {clinic} is cancelled",
    },
    openings={
        MessageKind.REMINDER: "This is a reminder of your visit at {clinic}:",
        MessageKind.COURSE_BOOKED: "These are your visits at {clinic}:",
        MessageKind.COURSE_APPROVED: "These are your visits at {clinic}:",
        MessageKind.COURSE_ENDED: "These visits at {clinic} are cancelled:",
        MessageKind.APPOINTMENT_BOOKED: "You have a visit at {clinic}:",
        MessageKind.APPOINTMENT_MOVED: "The time of your visit at {clinic} has changed. It is now:",
        MessageKind.APPOINTMENT_CANCELLED: "This visit at {clinic} is cancelled:",
    },
    not_fixed="(not yet fixed)",
    closing="Questions, or you cannot come? Call {phone}.",
)

SPANISH = Words(
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"),
        *("agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    day="{weekday} {day} de {month}",
    halves=("a. m.", "p. m."),
    hello="Hola:",
    subjects={
        MessageKind.REMINDER: "Recordatorio de {clinic}",
        MessageKind.COURSE_BOOKED: "Sus visitas en {clinic}",
        MessageKind.COURSE_APPROVED: "Sus visitas en {clinic}",
        MessageKind.COURSE_ENDED: "Sus visitas en {clinic} se han cancelado",
        MessageKind.APPOINTMENT_BOOKED: "Su visita en {clinic}",
        MessageKind.APPOINTMENT_MOVED: "Nueva hora para su visita en {clinic}",
        MessageKind.APPOINTMENT_CANCELLED: "Su visita en {clinic} se ha cancelado",
    },
    openings={
        MessageKind.REMINDER: "Le recordamos su visita en {clinic}:",
        MessageKind.COURSE_BOOKED: "Estas son sus visitas en {clinic}:",
        MessageKind.COURSE_APPROVED: "Estas son sus visitas en {clinic}:",
        MessageKind.COURSE_ENDED: "Estas visitas en {clinic} se han cancelado:",
        MessageKind.APPOINTMENT_BOOKED: "Tiene una visita en {clinic}:",
        MessageKind.APPOINTMENT_MOVED: "La hora de su visita en {clinic} ha cambiado. Ahora es:",
        MessageKind.APPOINTMENT_CANCELLED: "Esta visita en {clinic} se ha cancelado:",
    },
    not_fixed="(aún sin confirmar)",
    closing="¿Preguntas, o no puede venir? Llame al {phone}.",
)

WORDS: Mapping[str, Words] = {"en": ENGLISH, "es": SPANISH}


def compose(letter: Letter) -> Mail:
    """Return the mail of a letter in the patient's language, or in English."""
    language = letter.language if letter.language in WORDS else FIRST_LANGUAGE
    words = WORDS[language]
    lines = [
        words.hello,
        "",
        words.openings[letter.kind].format(clinic=letter.clinic),
        "",
        *(f"    {_visit(visit, words)}" for visit in letter.visits),
        "",
    ]
    if letter.phone:
        lines += [words.closing.format(phone=letter.phone), ""]
    return Mail(
        message_id=letter.message_id,
        to=letter.to,
        subject=words.subjects[letter.kind].format(clinic=letter.clinic),
        text="\n".join([*lines, letter.clinic, ""]),
        language=language,
    )


def _visit(visit: LetterVisit, words: Words) -> str:
    text = f"{day_text(visit.on, words)}, {time_text(visit.minute, words)}"
    return text if visit.is_fixed else f"{text} {words.not_fixed}"


def day_text(on: date, words: Words) -> str:
    """Return the day in words, for example Monday 9 March."""
    return words.day.format(
        weekday=words.weekdays[on.weekday()], day=on.day, month=words.months[on.month - 1]
    )


def time_text(minute: int, words: Words) -> str:
    """Return a minute of the day on the twelve-hour clock, for example 8:05 AM."""
    half = words.halves[minute >= NOON]
    return f"{(minute // 60 - 1) % 12 + 1}:{minute % 60:02d} {half}"
