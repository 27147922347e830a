"""What would become of each row of an import: the dry run, and the last look before a row goes in.

Nothing is written here. The dry run and the import itself ask the same function, so that what was
shown is what happens.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from clinic.actions.patients import PatientDetails, clean_details, clean_line, phone_region
from clinic.errors import RuleBroken
from clinic.queries.imports import (
    Known,
    add_namesakes,
    known_numbers,
    known_records,
    rows_of_patients,
)
from clinic.rules.import_texts import SheetRow
from clinic.rules.import_twins import TwinIndex
from clinic.rules.imports import (
    NUMBER_MOST,
    ColumnMap,
    Field,
    PersonRow,
    Reason,
    RowState,
    read_row,
)

RECORD_NUMBER_MOST = 40
EMPTY = PatientDetails(family="-", given="")
"""What stands in for a field that is refused while the others are looked at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row: WAITING will be added, the others say why not."""

    row_no: int
    state: RowState
    details: PatientDetails
    external_id: str
    record_number: str
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()


@dataclass(slots=True)
class _Met:
    """Who is here already, in the clinic and in the rows before."""

    known: dict[str, Known]
    own_rows: dict[int, int]
    records: dict[str, Known]
    numbers: dict[str, int]
    own_records: dict[str, int]
    twins: TwinIndex


def judge(
    session: Session,
    rows: Sequence[SheetRow],
    column_map: ColumnMap,
    *,
    wanted: Collection[int],
    today: date,
    batch_id: int | None = None,
) -> list[Verdict]:
    """Return what becomes of each row, in order; the rows of `wanted` go in though twins.

    `column_map` has its order of dates settled. With a batch, rows of it that are in already count
    as rows before.
    """
    region = phone_region(session)
    people = [read_row(column_map, row.row_no, row.cells, today=today) for row in rows]
    cleaned = [_clean(person, region=region, today=today) for person in people]
    met = _meet(session, cleaned, column_map.source, batch_id)
    return [_judge_one(verdict, met, verdict.row_no in wanted) for verdict in cleaned]


def _clean(person: PersonRow, *, region: str, today: date) -> Verdict:
    """Return a row as it would be stored, with the reason of every field that is refused."""
    details = PatientDetails(
        family=person.family,
        given=person.given,
        preferred=person.preferred,
        birth_on=person.birth_on,
        phone=person.phone,
        email=person.email,
        language=person.language,
    )
    reasons = list(person.reasons)
    while True:
        try:
            details = clean_details(details, region=region, today=today)
            break
        except RuleBroken as error:
            reason = _reason(error)
            reasons.append(reason)
            details = replace(details, **{reason.field: getattr(EMPTY, reason.field)})
    for field, number, most in (
        (Field.EXTERNAL_ID, person.external_id, NUMBER_MOST),
        (Field.RECORD_NUMBER, person.record_number, RECORD_NUMBER_MOST),
    ):
        try:
            clean_line(number, field=field, most=most)
        except RuleBroken as error:
            reasons.append(_reason(error))
    state = RowState.REFUSED if reasons else RowState.WAITING
    return Verdict(
        person.row_no,
        state,
        details,
        person.external_id,
        person.record_number,
        tuple(reasons),
        person.remarks,
    )


def _reason(error: RuleBroken) -> Reason:
    return Reason(error.code, str(error.values["field"]), str(error.values.get("most", "")))


def _meet(session: Session, verdicts: Sequence[Verdict], source: str, batch_id: int | None) -> _Met:
    fit = [one for one in verdicts if one.state is RowState.WAITING]
    twins = TwinIndex()
    add_namesakes(session, twins, (one.details.birth_on for one in fit))
    known = known_numbers(session, source, (one.external_id for one in fit))
    records = known_records(session, (one.record_number for one in fit))
    ids = [one.patient_id for one in (*known.values(), *records.values())]
    return _Met(
        known=known,
        own_rows={} if batch_id is None else rows_of_patients(session, batch_id, ids),
        records=records,
        numbers={},
        own_records={},
        twins=twins,
    )


def _judge_one(verdict: Verdict, met: _Met, is_wanted: bool) -> Verdict:
    """Return the last word on a row, and let the rows behind it meet whoever it adds."""
    if verdict.state is not RowState.WAITING:
        return verdict
    number, details = verdict.external_id, verdict.details
    known = met.known.get(number) if number else None
    if known is not None:
        return _met_again(verdict, known, met.own_rows.get(known.patient_id))
    if number and number in met.numbers:
        return _refused(verdict, "external_id_twice", Field.EXTERNAL_ID, str(met.numbers[number]))
    here = met.records.get(verdict.record_number)
    if here is not None:
        return _met_by_record(verdict, here, met.own_rows.get(here.patient_id))
    row = met.own_records.get(verdict.record_number)
    if row is not None:
        return _refused(verdict, "external_id_twice", Field.RECORD_NUMBER, str(row))
    twin = met.twins.find(family=details.family, given=details.given, birth_on=details.birth_on)
    if twin is not None and not is_wanted:
        return replace(verdict, state=RowState.TWIN, reasons=(Reason("twin", "", twin),))
    met.numbers[number] = verdict.row_no
    if verdict.record_number:
        met.own_records[verdict.record_number] = verdict.row_no
    met.twins.add(
        names=(details.family, details.given, details.preferred),
        birth_on=details.birth_on,
        label=f"#{verdict.row_no}",
    )
    return verdict


def _met_again(verdict: Verdict, known: Known, own_row: int | None) -> Verdict:
    """Return a row whose number is known: the same person, or two who cannot be one."""
    if own_row is not None:
        return _refused(verdict, "external_id_twice", Field.EXTERNAL_ID, str(own_row))
    if _is_namesake(verdict.details, known) or verdict.details.birth_on == known.birth_on:
        return replace(verdict, state=RowState.KNOWN)
    return _refused(verdict, "external_id_of_other", Field.EXTERNAL_ID, known.record_number)


def _met_by_record(verdict: Verdict, here: Known, own_row: int | None) -> Verdict:
    """Return a row whose record number is in use: here already, if name and birth date agree."""
    if own_row is not None:
        return _refused(verdict, "external_id_twice", Field.RECORD_NUMBER, str(own_row))
    if _is_namesake(verdict.details, here) and verdict.details.birth_on == here.birth_on:
        return replace(verdict, state=RowState.KNOWN)
    return _refused(verdict, "record_number_taken", Field.RECORD_NUMBER, "")


def _is_namesake(details: PatientDetails, known: Known) -> bool:
    name = TwinIndex()
    name.add(names=(known.family, known.given, known.preferred), birth_on=None, label="same")
    return name.find(family=details.family, given="", birth_on=None) is not None


def _refused(verdict: Verdict, code: str, field: str, other: str) -> Verdict:
    return replace(verdict, state=RowState.REFUSED, reasons=(Reason(code, field, other),))
