"""Reasons and relaxations in words to repeat on the phone; for the pages and the command line."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext, ngettext

from clinic.planning.changes import DAY_MIN, Change, Grantor, Rule, wished
from clinic.planning.refusals import Code, Reason
from clinic.planning.relaxations import Relaxation
from clinic.planning.wishes import Wishes
from clinic.web.present import clock_time, day, day_with_year
from clinic.web.words import lazy

REASONS: Mapping[Code, str] = {
    Code.CLINIC_CLOSED: lazy("The clinic is closed. Choose another day."),
    Code.DAY_NOT_ALLOWED: lazy("The treatment is not given on that weekday."),
    Code.PATIENT_AWAY: lazy("The patient cannot come on that day. Allow more days."),
    Code.PATIENT_BUSY: lazy("The patient has another visit then. Choose another hour."),
    Code.OUTSIDE_WINDOW: lazy("It lies outside the hours the patient can come. Widen them."),
    Code.NO_SUCH_RESOURCE: lazy("The site has none of the kind needed. Choose another site."),
    Code.DEVICE_BUSY: lazy("%(name)s is taken. Try another hour."),
    Code.DEVICE_CLOSED: lazy("%(name)s is out of use then. Try another day."),
    Code.NOBODY_QUALIFIED_ON_SHIFT: lazy("Nobody qualified is on shift then."),
    Code.STAFF_BUSY: lazy("All who are qualified are busy then. Try another hour."),
    Code.NOT_TOGETHER: lazy("Device, room and people are not free together then."),
    Code.BEFORE_START: lazy("It lies before the first day of the course."),
    Code.BEFORE_PREVIOUS: lazy("It lies before the visit that has to come first."),
    Code.PER_DAY_LIMIT: lazy("The course has a visit on that day already."),
    Code.GAP_BELOW_MINIMUM: lazy("It is too soon after the visit before."),
    Code.GAP_ABOVE_MAXIMUM: lazy("The gap to the visit before would be too long."),
    Code.PHASE_STARTS_LATER: lazy("This part of the course begins in a week of its own, later."),
    Code.WEEKLY_LIMIT: lazy("The week has its visits already."),
    Code.DAY_BLOCK: lazy("The day cannot hold all its visits with the pauses between them."),
    Code.WEEKS_APART: lazy("These visits are more weeks apart."),
    Code.WINDOW_AFTER_VISIT: lazy("It would be too early or late after the visit before."),
    Code.NOT_SUPPORTED_YET: lazy(
        "Several visits a day with another kind of first visit cannot be planned."
    ),
    Code.TERM_ORDER: lazy("The protocol orders its aims in a way that cannot be planned."),
    Code.COUNT_OUT_OF_RANGE: lazy("The protocol does not allow that number of visits."),
    Code.EVERY_NOT_OFFERED: lazy("The protocol does not offer visits so many weeks apart."),
    Code.PLACE_NOT_OFFERED: lazy("No visit of this treatment can be held that way."),
    Code.PER_WEEK_NOT_OFFERED: lazy("The protocol does not offer that many visits a week."),
    Code.NOTHING_TO_PLAN: lazy("There is no visit to plan."),
}
"""Every code that refuses a start or a course; warnings have sentences of their own."""

OF_PEOPLE = frozenset({Code.NOBODY_QUALIFIED_ON_SHIFT, Code.STAFF_BUSY, Code.NO_SUCH_RESOURCE})

GRANTS: Mapping[Grantor, str] = {
    Grantor.DESK: lazy("You may decide this."),
    Grantor.PRESCRIBER: lazy("Ask the prescriber."),
    Grantor.NOBODY: lazy("Nobody here can grant this."),
}

WEEKDAYS: Sequence[str] = (
    lazy("Mondays"),
    lazy("Tuesdays"),
    lazy("Wednesdays"),
    lazy("Thursdays"),
    lazy("Fridays"),
    lazy("Saturdays"),
    lazy("Sundays"),
)

CHANGES: Mapping[Rule, str] = {
    Rule.TOLERANCE: lazy("Allow %(to)s minutes either side of the wished hour"),
    Rule.HOUR: lazy("Take %(hour)s as the wished hour"),
    Rule.HOURS: lazy("Let the patient come from %(first)s to %(last)s"),
    Rule.WEEKDAYS: lazy("Let the patient come on %(weekdays)s too"),
    Rule.AWAY: lazy("Let the patient come after all %(span)s"),
    Rule.START: lazy("Let the course begin from %(start)s"),
    Rule.PLACE: lazy("Hold visits by %(name)s where the treatment allows it"),
    Rule.PER_WEEK: lazy("Give %(to)s visits a week"),
    Rule.SHARED_DAYS: lazy("Allow visits on the days of the patient's other course"),
    Rule.LONGEST_GAP: lazy("Allow a gap longer by %(days)s (%(part)s)"),
    Rule.SHORTEST_GAP: lazy("Allow a gap shorter by %(days)s (%(part)s)"),
    Rule.LINK_WINDOW: lazy("Let it end %(amount)s hours later after its visit (%(part)s)"),
    Rule.TREATMENT_DAYS: lazy("Give the treatment on %(weekdays)s too (%(part)s)"),
    Rule.WEEKLY_LIMIT: lazy("Give up to %(to)s visits a week (%(part)s)"),
    Rule.COUNT: lazy("Give %(to)s visits (%(part)s)"),
    Rule.CAPACITY: lazy("One more would be needed: %(name)s"),
}
"""What each rule would allow, as a request to whoever may grant it."""

NAMES: Mapping[str, str] = {
    "video": lazy("video"),
    "phone": lazy("phone"),
    "room": lazy("visit to the room"),
    "tms_device": lazy("TMS device"),
    "dosing_room": lazy("dosing room"),
    "therapy_room": lazy("therapy room"),
    "recovery_seat": lazy("recovery seat"),
    "infusion_pump": lazy("infusion pump"),
    "office": lazy("office"),
    "tms_operator": lazy("TMS operator"),
    "monitoring_clinician": lazy("monitoring clinician"),
    "kap_therapist": lazy("KAP therapist"),
    "prescriber": lazy("prescriber"),
    "intake": lazy("person for first calls"),
}


def reason_sentence(reason: Reason, names: Mapping[int, str]) -> str:
    """Return why a start is refused, in words to repeat on the phone, and what would help."""
    what = (reason.requirement or "").replace("_", " ").replace("+", ", ")
    name = names.get(reason.resource_id or 0)
    if name is None:
        name = gettext("The %(what)s", what=what) if what else gettext("What it needs")
    said = str(REASONS.get(reason.code, lazy("It is not possible then."))) % {"name": name}
    details = [what] if what and reason.code in OF_PEOPLE else []
    if reason.days > 1:
        details.append(gettext("%(n)s days", n=reason.days))
    return f"{said} ({', '.join(details)})" if details else said


def relaxation_words(one: Relaxation, wishes: Wishes) -> str:
    """Return what would be allowed, of all changes together; `wishes` are those asked with."""
    words: list[str] = []
    for change in one.changes:
        words.append(change_words(change, wishes))
        wishes = wished(wishes, change)
    return gettext(", and ").join([words[0], *(text[:1].lower() + text[1:] for text in words[1:])])


def outcome_words(one: Relaxation) -> str:
    """Return what a relaxation gives: all visits, and when the course ends."""
    return gettext(
        "all %(n)s fit, finishes %(day)s",
        n=len(one.plan.visits),
        day=day_with_year(max(visit.on for visit in one.plan.visits)),
    )


def grant_words(grantor: Grantor) -> str:
    """Return who may decide, as said to the desk."""
    return str(GRANTS[grantor])


def change_words(change: Change, wishes: Wishes) -> str:
    """Return what one change would allow, as a request; `wishes` are those before it."""
    after = wished(wishes, change)
    first, last = after.window or (0, DAY_MIN)
    return str(CHANGES[change.rule]) % {
        "amount": change.amount,
        "to": change.to,
        "days": ngettext("%(num)s day", "%(num)s days", abs(change.amount)),
        "part": change.step_key.replace("_", " "),
        "name": str(NAMES.get(change.name, change.name.replace("_", " "))),
        "hour": clock_time(after.preferred_min or 0),
        "first": clock_time(first),
        "last": clock_time(last) if last < DAY_MIN else "24:00",
        "weekdays": weekday_words(change.weekdays),
        "span": _span(change),
        "start": day(after.start_on),
    }


def weekday_words(weekdays: frozenset[int]) -> str:
    """Return weekdays as people say them, for example "Mondays and Fridays"."""
    names = [str(WEEKDAYS[one]) for one in sorted(weekdays)]
    if len(names) < 2:
        return "".join(names)
    return gettext("%(some)s and %(last)s", some=", ".join(names[:-1]), last=names[-1])


def _span(change: Change) -> str:
    if change.span is None:
        return ""
    first, last = change.span
    if first == last:
        return gettext("on %(day)s", day=day(first))
    return gettext("between %(first)s and %(last)s", first=day(first), last=day(last))
