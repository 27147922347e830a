"""What the pages of an import print: columns with samples, the dry run, progress, what is left."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from clinic.actions.import_verdicts import Verdict, judge
from clinic.errors import RuleBroken
from clinic.models.imports import ImportBatch
from clinic.queries.imports import (
    BatchLine,
    batches,
    cells_of,
    headings_of,
    map_of,
    reasons_of,
    row_counts,
    rows_in,
    stayed_rows,
)
from clinic.queries.resources import clinic_zone
from clinic.rules.import_dates import DateOrder
from clinic.rules.import_texts import LEFT_OUT_HEADINGS, SheetRow, write_rows
from clinic.rules.imports import (
    BatchState,
    ColumnMap,
    Field,
    Reason,
    RowState,
    check_map,
    settle_dates,
)
from clinic.web.desk.import_forms import FIELD_WORDS, column_name
from clinic.web.phones import phone_words
from clinic.web.present import moment_at, sorted_name
from clinic.web.sentences import sentence

SAMPLES = 3
SAMPLE_MOST = 40
FIRST_ROWS = 5
MOST_SHOWN = 100
LEFT_OUT = (RowState.REFUSED, RowState.TWIN)


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import in the list."""

    address: str
    when: str
    by: str
    source: str
    state: str
    rows: str


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One column of a file with what stands in it and what it may hold."""

    name: str
    heading: str
    samples: tuple[str, ...]
    choices: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One row of a file as it is read, with what is wrong or who it looks like."""

    row_no: int
    name: str
    birth: str
    phone: str
    email: str
    words: str


@dataclass(frozen=True, slots=True)
class StayedLine:
    """A patient whom undo left here, and why."""

    row_no: int
    record_number: str
    address: str
    words: str


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One import as its page shows it."""

    id: int
    public_id: str
    state: str
    title: str
    counts: tuple[tuple[int, str], ...]
    remarks: tuple[str, ...]
    to_add: int
    done: int
    total: int
    left_out: int
    is_cut: bool
    seen: str
    first: tuple[PersonLine, ...] = ()
    twins: tuple[PersonLine, ...] = ()
    refused: tuple[PersonLine, ...] = ()
    stayed: tuple[StayedLine, ...] = ()


def import_lines(session: Session) -> list[ImportLine]:
    """Return the latest imports."""
    zone = clinic_zone(session)
    return [_import_line(one, zone) for one in batches(session)]


def _import_line(one: BatchLine, zone: str) -> ImportLine:
    return ImportLine(
        address=url_for("imports.show_import", batch=one.public_id),
        when=moment_at(one.created_at, zone),
        by=one.by or gettext("the command line"),
        source=one.source,
        state=state_word(one.state),
        rows=", ".join(f"{number} {words}" for number, words in _counted(one.counts)),
    )


def state_word(state: BatchState) -> str:
    """Return how far an import is, in words."""
    words = {
        BatchState.READING: gettext("being read"),
        BatchState.DRAFT: gettext("waits to be looked at"),
        BatchState.RUNNING: gettext("goes in"),
        BatchState.DONE: gettext("done"),
        BatchState.UNDOING: gettext("is taken back"),
        BatchState.UNDONE: gettext("taken back"),
    }
    return words[state]


def _counted(counts: Mapping[RowState, int], waiting: str = "") -> tuple[tuple[int, str], ...]:
    words = {
        RowState.WAITING: waiting or gettext("waiting"),
        RowState.ADDED: gettext("added"),
        RowState.KNOWN: gettext("here already"),
        RowState.TWIN: gettext("left out: perhaps here already"),
        RowState.REFUSED: gettext("refused"),
        RowState.REMOVED: gettext("taken out again"),
        RowState.STAYED: gettext("stayed"),
    }
    return tuple((counts[state], words[state]) for state in RowState if counts.get(state))


def column_lines(session: Session, batch: ImportBatch, chosen: ColumnMap) -> list[ColumnLine]:
    """Return the columns of a draft with a few of their values."""
    rows = [cells_of(row) for row in rows_in(session, batch.id, {RowState.WAITING}, 20)]
    return [
        ColumnLine(
            name=column_name(number),
            heading=heading,
            samples=_samples(rows, number),
            choices=_choices(field),
        )
        for number, (heading, field) in enumerate(chosen.columns)
    ]


def _samples(rows: Sequence[tuple[str, ...]], number: int) -> tuple[str, ...]:
    found = dict.fromkeys(row[number].strip() for row in rows if number < len(row))
    shown = [text for text in found if text][:SAMPLES]
    return tuple(text if len(text) <= SAMPLE_MOST else f"{text[:SAMPLE_MOST]}…" for text in shown)


def _choices(chosen: Field | None) -> tuple[tuple[str, str, bool], ...]:
    none = ("", gettext("– is not read –"), chosen is None)
    fields = ((field.value, str(FIELD_WORDS[field]), field is chosen) for field in Field)
    return (none, *fields)


def map_mark(column_map: ColumnMap) -> str:
    """Return a mark by which a page knows that the columns are still read as it shows them."""
    return hashlib.sha256(repr(column_map).encode()).hexdigest()[:16]


def dry_run(session: Session, batch: ImportBatch, now: datetime) -> tuple[ColumnMap, list[Verdict]]:
    """Return how a draft is read and what would become of each row; RuleBroken without a map."""
    rows = [
        SheetRow(row.row_no, cells_of(row))
        for row in rows_in(session, batch.id, {RowState.WAITING})
    ]
    column_map = map_of(batch)
    check_map(column_map)
    settled = settle_dates(column_map, [row.cells for row in rows])
    return settled, judge(session, rows, settled, wanted=(), today=now.date())


def import_page(session: Session, batch: ImportBatch, now: datetime) -> ImportPage:
    """Return the page of an import: of a draft its dry run, else what became of the rows."""
    if batch.state is BatchState.DRAFT:
        return _draft_page(session, batch, now)
    counts = row_counts(session, batch.id)
    is_undo = batch.state in (BatchState.UNDOING, BatchState.UNDONE)
    left = RowState.ADDED if is_undo else RowState.WAITING
    total = sum(counts.values())
    refused = rows_in(session, batch.id, LEFT_OUT, MOST_SHOWN + 1)
    return ImportPage(
        id=batch.id,
        public_id=batch.public_id,
        state=batch.state.value,
        title=_title(batch.state),
        counts=_counted(counts),
        remarks=(),
        to_add=0,
        done=total - counts[left],
        total=total,
        left_out=counts[RowState.REFUSED] + counts[RowState.TWIN],
        is_cut=len(refused) > MOST_SHOWN,
        seen="",
        refused=tuple(
            PersonLine(row.row_no, "", "", "", "", words_of(reasons_of(row)))
            for row in refused[:MOST_SHOWN]
        ),
        stayed=tuple(
            StayedLine(
                one.row_no,
                one.record_number,
                url_for("desk.show_patient", public_id=one.public_id),
                _has(one.reasons),
            )
            for one in stayed_rows(session, batch.id)
        ),
    )


def _draft_page(session: Session, batch: ImportBatch, now: datetime) -> ImportPage:
    settled, verdicts = dry_run(session, batch, now)
    counts = Counter(one.state for one in verdicts)
    groups = {state: [one for one in verdicts if one.state is state] for state in RowState}
    shown = {state: tuple(map(_person, rows[:MOST_SHOWN])) for state, rows in groups.items()}
    return ImportPage(
        id=batch.id,
        public_id=batch.public_id,
        state=batch.state.value,
        title=gettext("Look before it goes in"),
        counts=_counted(counts, waiting=gettext("will be added")),
        remarks=_remarks(settled, verdicts),
        to_add=counts[RowState.WAITING],
        done=0,
        total=len(verdicts),
        left_out=counts[RowState.REFUSED] + counts[RowState.TWIN],
        is_cut=max(counts[state] for state in LEFT_OUT) > MOST_SHOWN,
        seen=map_mark(map_of(batch)),
        first=shown[RowState.WAITING][:FIRST_ROWS],
        twins=shown[RowState.TWIN],
        refused=shown[RowState.REFUSED],
    )


def _title(state: BatchState) -> str:
    titles = {
        BatchState.READING: gettext("The file is being read"),
        BatchState.RUNNING: gettext("The patients go in"),
        BatchState.DONE: gettext("The import is done"),
        BatchState.UNDOING: gettext("The import is taken back"),
        BatchState.UNDONE: gettext("The import was taken back"),
    }
    return titles[state]


def _person(one: Verdict) -> PersonLine:
    details = one.details
    return PersonLine(
        row_no=one.row_no,
        name=sorted_name(details.family, details.given),
        birth="" if details.birth_on is None else f"{details.birth_on:%-d %B %Y}",
        phone=phone_words(details.phone),
        email=details.email,
        words=words_of(one.reasons),
    )


def _remarks(settled: ColumnMap, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Return what is worth knowing before the rows go in."""
    found = []
    if settled.date_order is DateOrder.DAY_FIRST:
        found.append(gettext("Dates are read with the day first: 14/5/1987."))
    if settled.date_order is DateOrder.MONTH_FIRST:
        found.append(gettext("Dates are read with the month first: 5/14/1987."))
    if any(why.code == "date_ambiguous" for one in verdicts for why in one.reasons):
        found.append(
            gettext(
                "The dates do not show, or not alike, which number is the month. "
                "Say it under “Change the columns”."
            )
        )
    others = sum(bool(one.remarks) for one in verdicts if one.state is RowState.WAITING)
    if others:
        found.append(
            ngettext(
                "%(num)s patient speaks a language without texts here: English is used.",
                "%(num)s patients speak a language without texts here: English is used.",
                others,
            )
        )
    return tuple(found)


def words_of(reasons: Sequence[Reason]) -> str:
    """Return why a row is left out, as a person reads it."""
    return " ".join(_words(reason) for reason in reasons)


def _words(reason: Reason) -> str:
    other = reason.other
    who = gettext("row %(n)s", n=other[1:]) if other.startswith("#") else other
    said = sentence(RuleBroken(reason.code, other=who, most=other))
    names = {field.value: str(words) for field, words in FIELD_WORDS.items()}
    return f"{names[reason.field]}: {said}" if reason.field in names else said


def _has(reasons: Sequence[Reason]) -> str:
    words = {
        "appointment": gettext("has visits here"),
        "course": gettext("has a course here"),
        "account": gettext("has a log-in"),
        "change": gettext("was changed here since"),
        "staff": gettext("works here"),
        "message": gettext("has messages"),
    }
    found = dict.fromkeys(words.get(one.field, gettext("has entries here")) for one in reasons)
    return ", ".join(found)


def left_out_csv(session: Session, batch: ImportBatch, now: datetime) -> str:
    """Return the rows that are left out as CSV, as they stood in the file, each with its reason."""
    rows = {row.row_no: cells_of(row) for row in rows_in(session, batch.id, set(RowState))}
    if batch.state is BatchState.DRAFT:
        reasons = {
            one.row_no: one.reasons
            for one in dry_run(session, batch, now)[1]
            if one.state in LEFT_OUT
        }
    else:
        reasons = {row.row_no: reasons_of(row) for row in rows_in(session, batch.id, LEFT_OUT)}
    lines = [(*rows[row_no], str(row_no), words_of(why)) for row_no, why in reasons.items()]
    return write_rows([(*headings_of(batch), *LEFT_OUT_HEADINGS), *lines])
