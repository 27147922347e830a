"""Sentences for the command line: what each code of a refusal means to a person."""

from collections.abc import Mapping

from clinic.errors import Value

SENTENCES: Mapping[str, str] = {
    "above_maximum": "the default {value} is above the maximum",
    "appointment_not_affected": "this appointment does not lie inside the block",
    "approved_body_changed": "version {version} of {key} is approved and cannot change; "
    "raise the version",
    "below_minimum": "the default {value} is below the minimum",
    "benchmarks_absent": "the benchmarks are in the checkout only; run this from one",
    "birth_in_future": "a date of birth cannot lie in the future",
    "block_of_another": "the key {key} is a closed time of something else; give another key",
    "block_of_nothing": "a block shuts one site or one resource",
    "clinic_not_empty": "this clinic has log-ins already; use `clinic user add`",
    "database_busy": "the database is busy; try again",
    "database_not_ready": "the tables are missing or old; run `{command}`",
    "date_impossible": "{date} is not a date of the calendar",
    "date_too_far": "{date} is too far away: the years are 1900 to 2199",
    "definition_absent": "there is no approved {kind} {key}; load the clinical data first",
    "device_loses_coil": "{resource} would have no coil left: give it one of the tags {coils}, "
    "or another coil that fits it",
    "device_without_coil": "this stimulator has no coil: give it one of the tags {coils}, "
    "or a coil that fits it",
    "document_refused": "the document is refused; nothing was changed",
    "email_wrong": "this is not an e-mail address",
    "end_before_start": "it ends before it starts",
    "field_empty": "something must be entered here",
    "field_too_long": "at most {most} characters",
    "file_unreadable": "the file {file} cannot be read",
    "fits_no_device": "{resource} is no stimulator; a coil goes on a tms_device",
    "fits_other_site": "{resource} is at another site",
    "given_twice": "{value} is given twice",
    "hours_end_before_start": "opening hours {from} to {to} end before they start; "
    "use 24:00 for the end of the day",
    "hours_off_grid": "hours begin and end on full {minutes} minutes",
    "hours_overlap": "opening hours overlap on {weekday}",
    "inverted": "the minimum is above the maximum ({value})",
    "key_twice": "{key} is given twice",
    "kind_unknown": "no visit asks for a {kind}; the kinds are {kinds}",
    "inherits_more_than_one_level": "a protocol inherits from one that inherits nothing itself",
    "just_taken": "somebody took this place at the same moment; plan again",
    "language_unknown": "no letters are written in {language}; use one of {known}",
    "login_taken": "this log-in name is taken",
    "login_unknown": "there is no log-in {login}",
    "minimum_above_maximum": "the minimum is above the maximum",
    "missing": "this field is missing",
    "name_not_neutral": "messages to patients hold this name; it must not say what is treated, "
    "as {word} does",
    "no_such_thing": "there is no such thing",
    "not_a_demo": "the folder {folder} holds a clinic that this command did not"
    " make; nothing was changed",
    "not_an_option": "{value} is not among the options",
    "not_json": "this is not JSON: {detail}",
    "not_a_list": "a list belongs here",
    "not_a_weekday": "{value} is no weekday: mon, tue, wed, thu, fri, sat, sun",
    "not_a_whole_number": "a whole number belongs here",
    "not_an_object": "an object in braces belongs here",
    "not_text": "a text belongs here",
    "not_true_or_false": "true or false belongs here",
    "nothing_to_book": "there is nothing to book",
    "variant_unknown": "{protocol} has no variant or route {variant}",
    "option_unreadable": "--{option} {value} cannot be read; see --help for an example",
    "outside_minimum_and_maximum": "the ideal {value} is not between minimum and maximum",
    "password_length": "a password has {least} to {most} characters",
    "outcome_unknown": "{value} is no way for a visit to end",
    "own_chart": "nobody works on their own chart",
    "own_chart_taken": "somebody else who works here is this patient already",
    "patient_busy": "the patient has another visit then",
    "patient_unknown": "there is no such patient",
    "person_unknown": "nobody who works here has the key {person}",
    "permission_missing": "this account may not do that",
    "phone_wrong": "this is not a phone number of the region; begin with + for another country",
    "plan_incomplete": "{unplaced} visits could not be placed; `clinic plan` shows how far it goes",
    "resource_kind_or_qualification": "give a resource kind or a qualification, one of the two",
    "repeated_unknown": "{repeated} is neither an earlier course of this patient nor a protocol "
    "that can be repeated",
    "repeats_nothing": "{protocol} repeats no earlier course",
    "repeats_what": "{protocol} repeats an earlier course and this patient has none here; name the "
    "protocol it was with --repeats, for example tms_itbs_ldlpfc",
    "resource_in_use": "{resource} is booked and cannot go to another site",
    "resource_shut": "{resource} is not open at that time on {on}",
    "resource_taken": "{resource} is taken",
    "resource_unknown": "there is no resource {resource}",
    "role_unknown": "there is no role {role}",
    "schema_unknown": "field `schema` names none of the known kinds: {known}",
    "seats_in_use": "seats that would go are taken until {until}",
    "shift_across_midnight": "a shift from {from} to {to} crosses midnight; write two shifts",
    "shift_without_seat": "{staff} has no seat and cannot have shifts or leave",
    "shifts_overlap": "two shifts of this person are at the same time on {weekday}",
    "site_closed": "the site is closed on {on}",
    "site_needed": "there are several sites; add --site with one of {keys}",
    "site_unknown": "there is no site {site}",
    "step_unknown": "the protocol has no step {step}, but {steps}",
    "choice_not_offered": "no plan {choice} is worth offering here, only {offered}",
    "start_off_grid": "visits start on full {minutes} minutes",
    "staff_unknown": "there is no bookable person {staff}",
    "time_does_not_exist": "{time} does not exist in {zone}: the clock is put forward",
    "time_exists_twice": "{time} exists twice in {zone}: the clock is put back",
    "time_not_single": "{time} does not exist in {zone} or exists twice: the clock changes",
    "too_small": "{value} is too small",
    "unknown_parent": "it inherits from {value}, which is not in this file",
    "unknown_step": "there is no earlier step {value}",
    "visit_kind_unknown": "there is no visit kind {value}",
    "zone_has_bookings": "{site} has visits ahead; its zone cannot simply change",
    "birth_too_long_ago": "this date of birth lies too long ago",
    "cells_beyond_headings": "the row has more cells than there are headings; "
    "is a quotation mark missing?",
    "character_refused": "a character in it cannot be stored",
    "columns_twice": "two columns are said to hold {field}",
    "columns_without_name": "no column is said to hold the name; give --map, see docs/imports.md",
    "date_ambiguous": 'it could be either month; say "date_order" in the map',
    "date_century": "the year needs four digits",
    "date_unreadable": "this is not a date that can be read",
    "died": "the patient is marked as deceased",
    "external_id_of_other": "this number belongs to somebody else here, record {other}; "
    "name the source in the map",
    "file_not_text": "this file is neither text nor a workbook (.xlsx)",
    "file_not_workbook": "this workbook cannot be opened; save it again as .xlsx or CSV",
    "file_old_excel": "this is an old Excel file; save it as .xlsx or CSV",
    "file_quotes": "near line {line} a quotation mark is not closed, or a cell is too long",
    "file_too_large": "the file is larger than {most} MB",
    "file_too_long": "the file has more than {most} rows or {columns} columns",
    "file_without_rows": "the file has no row below its headings",
    "external_id_twice": "row {other} has this number too",
    "import_changed": "the columns were changed meanwhile",
    "import_elsewhere": "this import is {state}; that cannot be done now",
    "map_field_unknown": "there is no field {field}; the fields are {known}",
    "map_heading_unknown": "the file has no column {heading}",
    "map_unreadable": "the map cannot be read; see docs/imports.md for one",
    "record_number_taken": "another patient has this record number",
    "row_refused": "the database refuses this row",
    "source_wrong": "the source needs a name of at most {most} characters",
    "twin": "somebody of this name and birth date is here ({other})",
    "zone_unknown": "there is no zone {zone}; write, for example, America/Chicago",
}


def sentence(code: str, values: Mapping[str, Value]) -> str:
    """Return the sentence for a code; without one, the code in words and what is known."""
    detail = values.get("detail")
    pattern = SENTENCES.get(code)
    if pattern is None:
        words = code.removeprefix("schema_").replace("_", " ")
        return str(detail) if detail else words
    return pattern.format_map(_Shown(values))


class _Shown(dict[str, str]):
    """The values as text; one that is missing shows as nothing rather than failing."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        super().__init__(
            {
                name: ", ".join(value) if isinstance(value, tuple) else str(value)
                for name, value in values.items()
            }
        )

    def __missing__(self, key: str) -> str:
        return ""
