"""Letters say when and where to call, in two languages, and never what a visit is for."""

from dataclasses import replace
from datetime import date

import pytest

from clinic.messaging.base import Mail
from clinic.messaging.texts import compose
from clinic.rules.messages import Letter, LetterVisit, MessageKind
from clinic.rules.people import LANGUAGES

CLINICAL = (
    *("tms", "ketamin", "dosing", "dosis", "treatment", "tratamiento", "session", "sesión"),
    *("therap", "terapia", "psych", "psiqu", "depress", "missed", "magnet", "infusion", "course"),
)
LETTER = Letter(
    kind=MessageKind.REMINDER,
    message_id="m1@clinic",
    to="pat@home.test",
    language="en",
    clinic="Main Street Clinic",
    phone="(555) 010-4400",
    visits=(LetterVisit(on=date(2026, 3, 9), minute=8 * 60, is_fixed=True),),
)


def test_reminder_says_clinic_day_time_and_phone() -> None:
    assert compose(LETTER) == Mail(
        message_id="m1@clinic",
        to="pat@home.test",
        subject="Reminder from Main Street Clinic",
        text=(
            "Hello,\n\n"
            "This is a reminder of your visit at Main Street Clinic:\n\n"
            "    Monday 9 March, 8:00 AM\n\n"
            "Questions, or you cannot come? Call (555) 010-4400.\n\n"
            "Main Street Clinic\n"
        ),
        language="en",
    )


def test_reminder_in_spanish() -> None:
    mail = compose(replace(LETTER, language="es"))

    assert mail.text == (
        "Hola:\n\n"
        "Le recordamos su visita en Main Street Clinic:\n\n"
        "    lunes 9 de marzo, 8:00 a. m.\n\n"
        "¿Preguntas, o no puede venir? Llame al (555) 010-4400.\n\n"
        "Main Street Clinic\n"
    )


def test_unknown_language_is_written_in_english() -> None:
    assert compose(replace(LETTER, language="fr")) == compose(LETTER)


@pytest.mark.parametrize(
    ("minute", "said"),
    [(0, "12:00 AM"), (5, "12:05 AM"), (719, "11:59 AM"), (720, "12:00 PM"), (1439, "11:59 PM")],
)
def test_times_are_said_on_the_twelve_hour_clock(minute: int, said: str) -> None:
    visit = LetterVisit(on=date(2026, 3, 9), minute=minute, is_fixed=True)

    assert f"Monday 9 March, {said}\n" in compose(replace(LETTER, visits=(visit,))).text


def test_pencilled_visits_are_said_to_be_not_fixed() -> None:
    visit = LetterVisit(on=date(2026, 3, 9), minute=480, is_fixed=False)

    assert "8:00 AM (not yet fixed)" in compose(replace(LETTER, visits=(visit,))).text


@pytest.mark.parametrize("kind", list(MessageKind))
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_no_letter_has_a_clinical_word(kind: MessageKind, language: str) -> None:
    mail = compose(replace(LETTER, kind=kind, language=language))

    said = f"{mail.subject} {mail.text}".casefold()
    assert [word for word in CLINICAL if word in said] == []


def test_letter_without_a_phone_leaves_the_line_out() -> None:
    assert "Call" not in compose(replace(LETTER, phone="")).text
