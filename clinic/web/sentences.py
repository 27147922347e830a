"""Sentences for codes: the one place where an error of the clinic becomes words."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from flask_babel import gettext

from clinic.errors import ClinicError, Value
from clinic.web.present import clock_time, day
from clinic.web.words import lazy

SENTENCES: Mapping[str, str] = {
    "account_closed": lazy("This account has been closed. Ask an administrator."),
    "appointment_changed": lazy(
        "Somebody has changed this visit meanwhile. Look at it again before you go on."
    ),
    "appointment_not_affected": lazy("This visit does not lie in the closed time."),
    "appointment_unknown": lazy("There is no such visit."),
    "birth_in_future": lazy("The birth date lies in the future."),
    "birth_too_long_ago": lazy("The birth date lies too long ago. Please check the year."),
    "block_of_another": lazy(
        "This closed time belongs to something else. Load the page again and add a new one."
    ),
    "block_of_nothing": lazy("Say what is closed: a site, or one room, device or person."),
    "block_removed": lazy("This closed time has already been removed."),
    "character_refused": lazy(
        "This contains a character that cannot be stored. Please type it again."
    ),
    "clinic_not_empty": lazy("This clinic already has data; it is not set up anew."),
    "course_on_hold": lazy("The course is on hold: ask the prescriber before the session begins."),
    "database_busy": lazy(
        "The clinic's records are busy. Nothing was saved; please try again in a moment."
    ),
    "database_not_ready": lazy("The clinic's database is not ready. Run: %(command)s"),
    "definition_absent": lazy(
        "There is no approved version of what this needs. Ask the medical director."
    ),
    "door_closed": lazy("Your role does not open this page."),
    "email_wrong": lazy("This e-mail address cannot be used. Please check it."),
    "end_before_start": lazy("The end must come after the start."),
    "field_empty": lazy("This field must not be empty."),
    "field_too_long": lazy("This is too long: %(most)s characters at most."),
    "just_taken": lazy("Somebody has just taken this time. Nothing was saved; choose another."),
    "last_administrator": lazy(
        "From %(on)s nobody would be left who can change people and their rights at every site. "
        "Give that role to somebody else first."
    ),
    "lease_lost": lazy("Another process has taken this message over."),
    "login_link_unusable": lazy(
        "This link has been used or is too old. Ask the front desk for a new one."
    ),
    "login_taken": lazy("This log-in name or this person already has an account."),
    "login_unknown": lazy("There is no such log-in name."),
    "move_refused": lazy("A visit that is %(status)s cannot be moved."),
    "name_not_neutral": lazy(
        "Messages to patients hold this name, so it must not say what is treated: “%(word)s”."
    ),
    "needs_a_person": lazy("Only a person who is logged in can do this."),
    "no_such_thing": lazy("There is no such page."),
    "not_a_demo": lazy("This folder holds a clinic that the demo did not make: %(folder)s"),
    "not_started_yet": lazy("The visit has not begun yet, so it cannot be marked as missed."),
    "nothing_to_book": lazy("There is nothing to book."),
    "choice_not_offered": lazy("There is no plan %(choice)s for it, only %(offered)s."),
    "day_is_over": lazy("%(on)s is over. Choose today or a later day."),
    "step_unknown": lazy("The protocol has no step %(step)s, but %(steps)s."),
    "variant_unknown": lazy("%(protocol)s has no variant or route %(variant)s."),
    "option_unreadable": lazy("The option %(option)s cannot be read: %(value)s"),
    "outcome_needs_reason": lazy("Say why the visit was not complete."),
    "password_length": lazy("A password needs %(least)s characters or more, and at most %(most)s."),
    "key_taken": lazy("There is something of this name already."),
    "setup_changed": lazy(
        "Somebody has changed this meanwhile. Nothing was saved: what you entered is still here; "
        "open the page again to see the new values."
    ),
    "visits_affected": lazy("Booked visits would no longer fit."),
    "own_chart": lazy(
        "This is your own chart. You cannot open it or write in it at work; "
        "ask a colleague, or use your log-in as a patient."
    ),
    "own_chart_taken": lazy("Somebody else who works here is this patient already."),
    "patient_busy": lazy("The patient has another visit at that time."),
    "patient_changed": lazy(
        "Somebody has changed this patient meanwhile. Look at the new data and save again."
    ),
    "patient_not_chosen": lazy("Choose the patient first."),
    "patient_unknown": lazy("There is no such patient."),
    "permission_missing": lazy("Your role does not allow this. Ask an administrator."),
    "person_unknown": lazy("Nobody who works here has the key %(person)s."),
    "person_needed": lazy("Only a person who is logged in can record this."),
    "phone_wrong": lazy("This phone number cannot be used. Please check it."),
    "plan_changed": lazy(
        "Something was booked since this plan was shown, so it has changed. Look at it ag"
        "ain, then book."
    ),
    "plan_incomplete": lazy("The plan is not complete: %(unplaced)s visits have no place yet."),
    "reading_empty": lazy("Enter at least one value."),
    "reading_impossible": lazy("This value cannot be right, please look at it again: %(fields)s"),
    "reading_in_the_future": lazy("The time of the reading lies in the future."),
    "course_changed": lazy("Somebody has changed this course meanwhile. Look at it again."),
    "course_is_over": lazy("This course is over already."),
    "course_is_pencilled": lazy("This course is only pencilled: give it up instead."),
    "course_visit_going_on": lazy(
        "A visit of this course is going on. Finish it first, then cancel the rest."
    ),
    "not_pencilled": lazy("This course is not pencilled any more: it was decided meanwhile."),
    "pencil_must_be_decided": lazy(
        "The first visit has come: book the course or give it up. It cannot be held any longer."
    ),
    "missed_settled": lazy("Somebody has dealt with this missed visit already."),
    "reason_missing": lazy("Choose a reason from the list."),
    "reading_replaced": lazy("This reading has already been corrected. Look at the new one."),
    "record_number_taken": lazy("Another patient has this record number."),
    "request_key_missing": lazy("The form was not complete. Please check it and send it again."),
    "request_key_reused": lazy(
        "This form was already sent with other contents. Reload the page and try again."
    ),
    "resource_in_use": lazy("%(resource)s has bookings to come and cannot go to another site."),
    "repeated_unknown": lazy("There is no such course or treatment to repeat."),
    "repeats_nothing": lazy("This treatment repeats no earlier course."),
    "repeats_what": lazy("Choose the course that this one repeats."),
    "resource_shut": lazy("%(resource)s is not available then: closed, on leave or out of order."),
    "resource_taken": lazy(
        "%(resource)s has just been taken for one of these visits. The plan below is the "
        "best one now."
    ),
    "resource_unknown": lazy("There is no such room, device or person: %(resource)s"),
    "role_unknown": lazy("There is no such role: %(role)s"),
    "seats_in_use": lazy(
        "So many places are booked, the last on %(until)s. Move those visits first: the week of it "
        "shows them."
    ),
    "shift_without_seat": lazy("Somebody who is not bookable has no shifts: %(staff)s"),
    "side_effect_grade": lazy("The grade is a number from 1 to 5."),
    "side_effect_in_the_future": lazy("The time of onset lies in the future."),
    "side_effect_needs_words": lazy("Say in a few words what happened."),
    "side_effect_option": lazy("Choose one of the options given: %(value)s is none of them."),
    "side_effect_unknown": lazy("This side effect is not on the list: %(term)s"),
    "side_effect_voided": lazy("This side effect has already been withdrawn."),
    "site_closed": lazy("The clinic is closed then."),
    "site_needed": lazy("Say which site: %(keys)s"),
    "site_unknown": lazy("There is no such site."),
    "time_does_not_exist": lazy(
        "This time does not exist on that day, because the clocks change: %(time)s"
    ),
    "time_exists_twice": lazy(
        "This time exists twice on that day, because the clocks change: %(time)s"
    ),
    "time_not_chosen": lazy("Choose a day and a time first."),
    "time_not_free": lazy("This time cannot be had. Nothing was saved."),
    "transition_refused": lazy("A visit that is %(status)s cannot be changed in this way."),
    "visit_ended": lazy("This visit has already ended."),
    "visit_ends_before_start": lazy("The visit cannot end before it began."),
    "visit_kind_unknown": lazy("There is no such kind of visit."),
    "visit_not_here": lazy("The visit cannot begin: the patient has not been marked as here."),
    "visit_not_started": lazy("This visit has not begun yet."),
    "override_refused": lazy(
        "This is not yours to override, or nobody's. Another reading or time may settle it; else "
        "the patient left before being ready, or was sent to hospital."
    ),
    "release_needs_clinician": lazy(
        "A monitoring clinician or a prescriber releases the patient after a dose."
    ),
    "release_needs_words": lazy("Say who decided or was told, and why."),
    "session_has_run": lazy(
        "The session has begun. Confirm below that nothing was given, or say how it ended."
    ),
    "side_effect_changed": lazy("This side effect has been changed since."),
    "visit_not_released": lazy(
        "The patient may not leave yet: something on the list at the chair is open. Settle it, or "
        "say there how the patient leaves all the same."
    ),
    "visit_not_yet": lazy(
        "This visit is on %(on)s. It can be marked as here, in the room, done or missed on that "
        "day, not before; move it if the patient comes earlier."
    ),
    "visit_open_at_chair": lazy(
        "The session is still open at the chair. Whoever is with the patient ends it there."
    ),
    "visit_started": lazy("This visit has already begun."),
    "void_needs_reason": lazy("Say why this entry is withdrawn."),
    "zone_has_bookings": lazy(
        "The site has bookings to come, so its time zone cannot be changed here."
    ),
    "zone_unknown": lazy("There is no such time zone: %(zone)s"),
    "undo_changed_since": lazy(
        "One of these visits has been changed since, so this cannot be undone any more. "
        "Nothing was changed."
    ),
    "undo_visit_begun": lazy(
        "The session has begun since, so this cannot be undone. Nothing was changed."
    ),
    "undo_course_used": lazy(
        "The course has more visits by now, so booking it cannot be undone. Nothing was changed."
    ),
    "undo_not_yours": lazy("Only who made a change can undo it."),
    "undo_too_late": lazy(
        "It is too late to undo this: the patient may have been told. Move or cancel the visit "
        "instead."
    ),
    "undone_already": lazy("This has been undone already."),
    "cells_beyond_headings": lazy(
        "The row has more cells than there are headings. Is a quotation mark missing?"
    ),
    "columns_twice": lazy("Two columns are said to hold the same."),
    "columns_without_name": lazy("Say which column holds the name, or the family name."),
    "date_ambiguous": lazy("Either number could be the month."),
    "date_century": lazy("The year needs four digits."),
    "date_impossible": lazy("The calendar has no such day."),
    "date_too_far": lazy("This day is too far away: the years are 1900 to 2199."),
    "date_unreadable": lazy("This is not a date that can be read."),
    "died": lazy("The patient is marked as deceased."),
    "external_id_of_other": lazy(
        "This number belongs to somebody else here, record %(other)s. Is the "
        "file from another system?"
    ),
    "external_id_twice": lazy("Row %(other)s has this number too."),
    "file_not_text": lazy(
        "This file is neither text nor a workbook. Save it as CSV or Excel (.xlsx)."
    ),
    "file_not_workbook": lazy("This workbook cannot be opened. Save it again as .xlsx or CSV."),
    "file_old_excel": lazy("This is an old Excel file. Open it and save it as .xlsx or CSV."),
    "file_quotes": lazy(
        "Near line %(line)s of the file a quotation mark is not closed, or a cell is too long."
    ),
    "file_too_large": lazy("The file is larger than %(most)s MB."),
    "file_too_long": lazy(
        "The file has more than %(most)s rows or %(columns)s columns. Please part it."
    ),
    "file_unreadable": lazy("The file cannot be read."),
    "file_without_rows": lazy("There is no row below the headings."),
    "import_changed": lazy("Somebody has changed the columns meanwhile. Look at the rows again."),
    "import_elsewhere": lazy("This import has gone on meanwhile. Look at it again."),
    "import_file_missing": lazy("Choose a file, or paste rows."),
    "map_field_unknown": lazy("There is no such field: %(field)s"),
    "map_heading_unknown": lazy("The file has no such column: %(heading)s"),
    "map_unreadable": lazy("Say what the columns hold."),
    "row_refused": lazy("This row cannot be stored."),
    "source_wrong": lazy("Give the system a name of at most %(most)s characters."),
    "course_all_booked": lazy(
        "Every prescribed session of this course has a date by now. Nothing was booked."
    ),
    "course_day_taken": lazy(
        "The course has its session of that day already: %(on)s at %(start_min)s%(number)s. Choose "
        "another day."
    ),
    "course_gap_short": lazy(
        "That is too close to the session of %(on)s at %(start_min)s%(number)s: the protocol asks "
        "for more time between two. Choose another day."
    ),
    "course_other_that_day": lazy(
        "The patient has a session of another course that day: %(on)s at %(start_min)s. Both on "
        "one day is for the prescriber to allow."
    ),
    "course_second_that_day": lazy(
        "The course has a session that day already: %(on)s at %(start_min)s%(number)s. A further "
        "one is for the prescriber to allow, with the tick below."
    ),
    "course_week_full": lazy(
        "That week has all the sessions its protocol allows, among them %(on)s at "
        "%(start_min)s%(number)s. Choose another week."
    ),
    "course_weekday": lazy(
        "%(day)s: the protocol gives no session on that weekday. Choose another day."
    ),
    "treatment_needs_course": lazy(
        "%(kind)s is part of a course and is booked from it, so that it is counted. Choose the "
        "course below, or plan one on the patient's page."
    ),
    "twin": lazy("Somebody of this name and birth date is here: %(other)s."),
}
DAYS = frozenset({"on", "day", "until"})
GENERAL = lazy("The clinic's rules do not allow this (%(code)s).")


def sentence(error: ClinicError) -> str:
    """Return what a person reads about an error; an unknown code is shown behind a general one."""
    known = SENTENCES.get(error.code)
    if known is None:
        return str(GENERAL) % {"code": error.code}
    values = {name: _shown(name, value) for name, value in error.values.items()}
    return str(known) % defaultdict(str, values)


def _shown(name: str, value: Value) -> str:
    """Return a value as a person reads it; a few names say what the value is."""
    if name in DAYS and isinstance(value, str):
        return day(date.fromisoformat(value))
    if name == "start_min" and isinstance(value, int):
        return clock_time(value)
    if name == "number" and isinstance(value, int):
        return gettext(" (No. %(n)s)", n=value)
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return "" if value is None else str(value)
