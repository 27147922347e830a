"""Phone numbers as people read them; they are stored as E.164."""

import phonenumbers

HOME = 1
"""The country code of numbers that are shown without it."""


def phone_words(number: str) -> str:
    """Return a stored number for reading, for example "(415) 555-2671"; unknown text as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    style = phonenumbers.PhoneNumberFormat
    shape = style.NATIONAL if parsed.country_code == HOME else style.INTERNATIONAL
    return phonenumbers.format_number(parsed, shape)
