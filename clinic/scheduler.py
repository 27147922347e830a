"""The metronome: APScheduler calls our jobs. What is due is decided by the database, not by it.

Memory store, interval ticks in UTC, missed ticks merged into one, fixed ids, one run at a time:
any number of scheduler processes may run side by side.
"""

from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy import Engine

from clinic.clock import machine_now
from clinic.jobs import Works, new_owner, prune, tick
from clinic.messaging.base import Sender
from clinic.messaging.console import ConsoleSender
from clinic.messaging.smtp import SmtpSender
from config import Settings

TICK_S = 60
PRUNE_H = 1


def make_sender(settings: Settings) -> Sender:
    """Return the channel of the settings: the mail server when there is one, else the folder."""
    if settings.smtp_url:
        return SmtpSender(url=settings.smtp_url, mail_from=settings.mail_from)
    return ConsoleSender(folder=settings.instance / "outbox", mail_from=settings.mail_from)


def make_works(settings: Settings, engine: Engine) -> Works:
    """Return what the jobs of this process work with."""
    return Works(
        engine=engine,
        sender=make_sender(settings),
        now=settings.clock.now,
        owner=new_owner(),
    )


def background_scheduler(works: Works) -> BackgroundScheduler:
    """Return a scheduler with our jobs that runs beside a web server; the caller starts it."""
    scheduler = BackgroundScheduler(timezone=UTC)
    add_jobs(scheduler, works)
    return scheduler


def blocking_scheduler(works: Works) -> BlockingScheduler:
    """Return a scheduler with our jobs for a process of its own; the caller starts it."""
    scheduler = BlockingScheduler(timezone=UTC)
    add_jobs(scheduler, works)
    return scheduler


def add_jobs(scheduler: BaseScheduler, works: Works) -> None:
    """Add the minute tick and the hourly pruning; the first tick comes at once."""
    common = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    scheduler.add_job(
        tick,
        "interval",
        seconds=TICK_S,
        args=[works],
        id="tick",
        next_run_time=machine_now(),
        **common,
    )
    scheduler.add_job(prune, "interval", hours=PRUNE_H, args=[works], id="prune", **common)
