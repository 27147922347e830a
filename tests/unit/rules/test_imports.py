"""Columns are guessed from headings, rows become our words, names are parted."""

from datetime import date

import pytest

from clinic.errors import RuleBroken
from clinic.rules.import_dates import DateOrder
from clinic.rules.import_names import part_name
from clinic.rules.import_twins import TwinIndex
from clinic.rules.imports import (
    ColumnMap,
    Field,
    PersonRow,
    Reason,
    check_map,
    guess_map,
    headings_hash,
    read_language,
    read_map,
    read_row,
    settle_dates,
)

TODAY = date(2026, 3, 2)
SYNTHEA = [
    "Id",
    "BIRTHDATE",
    "DEATHDATE",
    "SSN",
    "DRIVERS",
    "PASSPORT",
    "PREFIX",
    "FIRST",
    "MIDDLE",
    "LAST",
    "SUFFIX",
    "MAIDEN",
    "MARITAL",
]
REPORT = [
    "Patient ID",
    "Patient Name",
    "Patient First Name",
    "Patient Middle Name",
    "Patient Last Name",
    "DOB",
    "Email Address",
    "Phone Number",
    "Patient City State Zip",
    "PCP Physician",
]


@pytest.mark.parametrize(
    "headings, named",
    [
        (
            SYNTHEA,
            {
                "Id": "external_id",
                "BIRTHDATE": "birth_on",
                "DEATHDATE": "died",
                "FIRST": "given",
                "MIDDLE": "middle",
                "LAST": "family",
            },
        ),
        (
            REPORT,
            {
                "Patient ID": "external_id",
                "Patient First Name": "given",
                "Patient Middle Name": "middle",
                "Patient Last Name": "family",
                "DOB": "birth_on",
                "Email Address": "email",
                "Phone Number": "phone",
            },
        ),
        (
            ["Name", "Date of birth", "Cell phone", "E-Mail", "Home phone", "Idioma"],
            {
                "Name": "name",
                "Date of birth": "birth_on",
                "Cell phone": "mobile",
                "E-Mail": "email",
                "Home phone": "phone",
                "Idioma": "language",
            },
        ),
        (["Insurance First Name", "Balance", ""], {}),
    ],
)
def test_headings_are_guessed(headings: list[str], named: dict[str, str]) -> None:
    assert guess_map(headings).named() == named


def test_two_columns_for_one_field_take_the_first() -> None:
    assert guess_map(["id", "guid", "last name"]).named() == {
        "id": "external_id",
        "last name": "family",
    }


@pytest.mark.parametrize(
    "text, parts",
    [
        ("Ruiz, Ana", ("Ruiz", "Ana")),
        ("Ruiz,Ana María", ("Ruiz", "Ana María")),
        ("Garza, Jr., Ana", ("Garza, Jr.", "Ana")),
        ("Ana Ruiz", ("Ruiz", "Ana")),
        ("Ana de la Garza", ("de la Garza", "Ana")),
        ("Ludwig van Beethoven", ("van Beethoven", "Ludwig")),
        ("Ana Ruiz Jr.", ("Ruiz Jr.", "Ana")),
        ("Ana Ruiz, MD", ("Ruiz MD", "Ana")),
        ("Cher", ("Cher", "")),
        ("de la Garza", ("la Garza", "de")),
        ("Ruiz,", ("Ruiz", "")),
        ("", ("", "")),
        (" , ", ("", "")),
    ],
)
def test_whole_names_are_parted(text: str, parts: tuple[str, str]) -> None:
    assert part_name(text) == parts


@pytest.mark.parametrize(
    "text, read",
    [
        ("English", ("en", True)),
        ("es-MX", ("es", True)),
        ("Español", ("es", True)),
        ("", ("en", True)),
        ("Portuguese", ("en", False)),
    ],
)
def test_languages_without_texts_become_english_and_say_so(
    text: str, read: tuple[str, bool]
) -> None:
    assert read_language(text) == read


def test_row_is_read_in_our_words() -> None:
    headings = ["id", "name", "middle", "dob", "cell", "phone", "email", "language", "deceased"]
    cells = ["7", "Ruiz, Ana", "Maria", "5/14/1987", "", " 555 0100 ", "a@b.org", "fr", "No"]

    read = read_row(guess_map(headings), 3, cells, today=TODAY)

    assert read == PersonRow(
        row_no=3,
        family="Ruiz",
        given="Ana Maria",
        birth_on=date(1987, 5, 14),
        phone="555 0100",
        email="a@b.org",
        external_id="7",
        remarks=(Reason("language_other", "language"),),
    )


def test_family_column_with_a_whole_name_is_parted() -> None:
    read = read_row(guess_map(["Last name", "First name"]), 2, ["Ruiz, Ana", ""], today=TODAY)

    assert (read.family, read.given) == ("Ruiz", "Ana")


def test_row_says_everything_that_is_wrong_with_it() -> None:
    headings = ["id", "name", "dob", "died"]
    cells = ["9" * 81, "Ruiz, Ana", "3/4/1987", "2020-01-01", "too much"]

    read = read_row(guess_map(headings), 2, cells, today=TODAY)

    assert [reason.code for reason in read.reasons] == [
        "cells_beyond_headings",
        "date_ambiguous",
        "died",
        "field_too_long",
    ]


def test_order_of_dates_is_settled_by_the_whole_column_unless_it_was_said() -> None:
    guessed = guess_map(["name", "dob"])
    rows = [["A", "3/4/1987"], ["B", "25/4/1987"], ["C"]]

    assert settle_dates(guessed, rows).date_order is DateOrder.DAY_FIRST
    said = ColumnMap(guessed.columns, DateOrder.MONTH_FIRST)
    assert settle_dates(said, rows) == said
    assert settle_dates(guess_map(["name"]), rows) == guess_map(["name"])


def test_map_is_read_from_its_document() -> None:
    document = {"columns": {"Who": "name"}, "date_order": "day_first", "source": " jane "}

    assert read_map(document, ["Who", "Else"]) == ColumnMap(
        (("Who", Field.NAME), ("Else", None)), DateOrder.DAY_FIRST, "jane"
    )


@pytest.mark.parametrize(
    "document, code",
    [
        ([], "map_unreadable"),
        ({"columns": 3}, "map_unreadable"),
        ({"columns": {}, "date_order": ["auto"]}, "map_unreadable"),
        ({"columns": {"What": "name"}}, "map_heading_unknown"),
        ({"columns": {"Who": "nom"}}, "map_field_unknown"),
        ({"columns": {"Who": ["name"]}}, "map_field_unknown"),
    ],
)
def test_map_that_cannot_be_meant_is_refused(document: object, code: str) -> None:
    with pytest.raises(RuleBroken, match=code):
        read_map(document, ["Who", "Else"])


@pytest.mark.parametrize(
    "columns, source, code",
    [
        ((("A", Field.GIVEN),), "x", "columns_without_name"),
        ((("A", Field.NAME), ("B", Field.NAME)), "x", "columns_twice"),
        ((("A", Field.NAME),), " ", "source_wrong"),
        ((("A", Field.NAME),), "x" * 41, "source_wrong"),
    ],
)
def test_map_that_will_not_do_is_refused(
    columns: tuple[tuple[str, Field | None], ...], source: str, code: str
) -> None:
    with pytest.raises(RuleBroken, match=code):
        check_map(ColumnMap(columns, source=source))


def test_rows_handed_back_are_known_by_the_headings_they_had() -> None:
    assert headings_hash(["A", "B", "Row", "Reason"]) == headings_hash(["A", "B"])
    assert headings_hash(["B", "A"]) != headings_hash(["A", "B"])


def test_twins_agree_in_birth_date_and_folded_names_in_either_order() -> None:
    index, born = TwinIndex(), date(1987, 5, 14)
    index.add(names=("Núñez-Ruiz", "Ana María"), birth_on=born, label="P1")

    found = [
        index.find(family=family, given=given, birth_on=on)
        for family, given, on in (
            ("NUNEZ-RUIZ", "ana", born),
            ("Maria", "Ruiz", born),
            ("Ruiz", "", born),
            ("Ruiz", "Bo", born),
            ("Ruiz", "Ana", None),
            ("", "", born),
        )
    ]

    assert found == ["P1", "P1", "P1", None, None, None]
