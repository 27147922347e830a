"""Birth dates of other systems: the whole column says which number is the month."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.import_dates import DateOrder, column_order, read_birth
from clinic.rules.people import BadDate

TODAY = date(2026, 3, 2)
BIRTH = date(1987, 5, 14)
AUTO, DAY, MONTH = DateOrder.AUTO, DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST
DAYS = st.dates(min_value=date(1930, 1, 1), max_value=date(2020, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "1987-05-14",
        "1987-5-14",
        "1987/05/14",
        "19870514",
        "1987-05-14 00:00:00",
        "1987-05-14T08:30:00Z",
        "5/14/1987",
        "14/5/1987",
        "14.5.1987",
        "14-05-1987",
        "5/14/1987 12:00:00 AM",
        "5/14/87",
        "14 May 1987",
        "14-May-1987",
        "14-MAY-87",
        "May 14, 1987",
        "  14. Mai 1987".replace("Mai", "May"),
    ],
)
def test_one_date_is_read_however_it_is_written(text: str) -> None:
    assert read_birth(text, AUTO, today=TODAY) == BIRTH


@pytest.mark.parametrize(
    "text, code",
    [
        ("3/4/1987", "date_ambiguous"),
        ("3-4-1987", "date_ambiguous"),
        ("1/1/05", "date_century"),
        ("31/11/1980", "date_impossible"),
        ("1987-13-14", "date_impossible"),
        ("00/00/0000", "date_impossible"),
        ("31911", "date_unreadable"),
        ("unknown", "date_unreadable"),
        ("14 Foo 1987", "date_unreadable"),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_code(text: str, code: str) -> None:
    with pytest.raises(BadDate, match=f"^{code}$"):
        read_birth(text, AUTO, today=TODAY)


def test_blank_is_no_date() -> None:
    assert read_birth("  ", AUTO, today=TODAY) is None


@pytest.mark.parametrize("order, expected", [(DAY, date(1987, 4, 3)), (MONTH, date(1987, 3, 4))])
def test_ambiguous_date_is_read_in_the_order_of_its_column(
    order: DateOrder, expected: date
) -> None:
    assert read_birth("3/4/1987", order, today=TODAY) == expected


def test_same_number_twice_is_one_date_either_way() -> None:
    assert read_birth("4/4/1987", AUTO, today=TODAY) == date(1987, 4, 4)


@pytest.mark.parametrize(
    "column, order",
    [
        (["3/4/1987", "25/4/1987"], DAY),
        (["3/4/1987", "4/25/1987", "", "1987-05-14"], MONTH),
        (["3/4/1987", "5/6/1990"], AUTO),
        (["25/4/1987", "4/25/1987"], AUTO),
        (["99/99/2020"], AUTO),
        ([], AUTO),
    ],
)
def test_column_shows_its_order_or_shows_none(column: list[str], order: DateOrder) -> None:
    assert column_order(column) is order


@given(st.lists(DAYS, min_size=1))
def test_column_is_read_as_it_was_written_or_not_at_all(days: list[date]) -> None:
    texts = [f"{day:%m/%d/%Y}" for day in days]
    order = column_order(texts)

    read = [read_or_code(text, order) for text in texts]

    assert all(one in (day, "date_ambiguous") for one, day in zip(read, days, strict=True))


def read_or_code(text: str, order: DateOrder) -> date | str | None:
    """The date, or the code of its refusal."""
    try:
        return read_birth(text, order, today=TODAY)
    except BadDate as error:
        return str(error)
