"""The day board: the page, and the poll that answers 204 while nothing has changed."""

from dataclasses import dataclass
from datetime import date

from flask import Response, make_response, render_template, request
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.boards import board_version, read_board
from clinic.queries.days import SiteChoice, site_choices
from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.places import asked_day, chosen_site, local_day
from clinic.web.present import long_day
from clinic.web.requests import current_clinic
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.board_view import (
    BoardView,
    board_view,
    day_after,
    day_before,
    legend,
    stamp_of,
)
from clinic.web.schedule.panels import Panel, read_panel
from clinic.web.shell import in_menu
from clinic.web.words import lazy

PAGE = "schedule/board.html"


@dataclass(frozen=True, slots=True)
class BoardPage:
    """All that the page of a day prints."""

    site: SiteChoice
    sites: list[SiteChoice]
    on: date
    today: date
    title: str
    before: date
    after: date
    may_book: bool
    view: BoardView
    panel: Panel | None


@blueprint.get("/")
@in_menu(lazy("Board"), position=20, key="b")
@needs(Permission.SEE_SCHEDULE)
def board() -> str:
    """Show a site's day; `open` shows a visit beside it (and decides site and day)."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, here.actor.sites_with(Permission.SEE_SCHEDULE))
        if not sites:
            return render_template("schedule/no_site.html")
        opened = request.args.get("open")
        page = read_page(unit, sites, read_panel(unit, opened) if opened else None)
    note_board(page)
    return render_template(PAGE, page=page, legend=legend(), problem=None, form=None)


@blueprint.get("/grid")
@needs(Permission.SEE_SCHEDULE)
def board_grid() -> Response:
    """Answer a poll: 204 while the page shows the day as it is, else the grid anew."""
    here = current_clinic()
    with reading(here.engine) as unit:
        site = chosen_site(site_choices(unit, here.actor.sites_with(Permission.SEE_SCHEDULE)))
        on = asked_day(local_day(here.now, site.zone))
        version = board_version(unit, site_id=site.id, on=on)
        if request.args.get("v") == stamp_of(version, here.now):
            return Response(status=204)
        view = _view(unit, site, on)
    return make_response(render_template("schedule/_grid.html", view=view))


def read_page(unit: Session, sites: list[SiteChoice], panel: Panel | None) -> BoardPage:
    """Return the page of the day asked for, or of the day of the open visit."""
    now = current_clinic().now
    site = chosen_site(sites, None if panel is None else panel.site_key)
    today = local_day(now, site.zone)
    on = asked_day(today) if panel is None else panel.on
    return BoardPage(
        site=site,
        sites=sites,
        on=on,
        today=today,
        title=long_day(on),
        before=day_before(on),
        after=day_after(on),
        may_book=current_clinic().actor.may_at(Permission.SCHEDULE, site.id),
        view=_view(unit, site, on),
        panel=panel,
    )


def _view(unit: Session, site: SiteChoice, on: date) -> BoardView:
    here = current_clinic()
    return board_view(
        read_board(unit, site_id=site.id, on=on),
        site_key=site.key,
        now=here.now,
        may_book=here.actor.may_at(Permission.SCHEDULE, site.id),
    )


def note_board(page: BoardPage) -> None:
    """Leave the trace of a look: of the visit that is open, else of the list with its filter."""
    if page.panel is None:
        note_look(
            "see_board",
            subject="site",
            subject_id=page.site.id,
            values={"on": page.on.isoformat()},
        )
    else:
        note_look(
            "see_visit",
            subject="appointment",
            subject_id=page.panel.visit_id,
            patient_id=page.panel.patient_id,
        )


def board_again(public_id: str) -> BoardPage:
    """Return the page round a visit once more, for a form that was refused."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, here.actor.sites_with(Permission.SEE_SCHEDULE))
        if not sites:
            raise NotFound("no_such_thing")
        return read_page(unit, sites, read_panel(unit, public_id))
