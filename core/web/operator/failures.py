"""What stands still until somebody has looked, and recent errors with their traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.operator import failures, modules
from core.operator.failures import StreamRow
from core.web.operator.asking import ask
from core.web.operator.page import OperatorPage, Page
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Table, TableQuery
from tenants.text import _

__all__ = ["ROUTES"]

_PAGE = "/standing-still"
_JOBS = (
    Column("job", _("Job"), heading=True, sub="brokerage"),
    Column("status", _("Status"), "status"),
    Column("problem", _("Last error"), "custom"),
    Column("attempt", _("Attempts"), "number", wide="md"),
    Column("queue", _("Queue"), wide="lg"),
    Column("at", _("When"), "time"),
)
_STREAMS = (
    Column("handler", _("Handler"), heading=True, sub="brokerage"),
    Column("stream", _("Stream"), sub="shard_text"),
    Column("problem", _("Last error")),
    Column("failures", _("Failures"), "number", wide="md"),
)
_SUBJECTS = (
    Column("kind", _("Subject"), "status_text", heading=True, sub="brokerage"),
    Column("instrument", _("Instrument")),
    Column("plugin", _("Module"), wide="md"),
    Column("problem", _("Last error")),
    Column("parked_at", _("Since"), "time"),
)
_ERRORS = (
    Column("contribution", _("Where"), heading=True, sub="plugin"),
    Column("error", _("Error")),
    Column("brokerage", _("Brokerage"), wide="md"),
    Column("at", _("When"), "time"),
)


@get(_PAGE, sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """Jobs, streams and subjects that do not go on by themselves."""
    query = TableQuery.read(web.query, _JOBS)
    with web.system() as session:
        counts = failures.counts(session)
        jobs = failures.jobs(session, limit=query.size, offset=query.offset)
        streams = failures.parked_streams(session)
        subjects = failures.parked_subjects(session)
    tables = [
        _table("jobs", _JOBS, jobs, _("Jobs"), _job_actions, query, counts.failed + counts.waiting, web.path),
        _table("streams", _STREAMS, streams, _("Streams of events"), _stream_actions),
        _table("subjects", _SUBJECTS, subjects, _("Subjects of lanes"), _subject_actions),
    ]
    return web.render("operator/standing_still.html", tables=tables, counts=counts, title=_("Standing still"))


@get("/jobs/{run_id:uuid}", sync_to_thread=True)
def job(web: Page, run_id: FromPath[UUID]) -> Response[str]:
    """A run's error whole."""
    found = _job(web, run_id)
    return _trace(web, found.job, found.brokerage, found.error)


@get("/jobs/{run_id:uuid}/again", sync_to_thread=True)
def ask_again(web: Page, run_id: FromPath[UUID]) -> Response[str]:
    """What running it again means."""
    found = _job(web, run_id)
    return ask(
        web,
        _("Run {job} again?", job=found.job),
        f"/jobs/{run_id}/again",
        _("Run again"),
        text=_(
            "It is queued for {brokerage} as it was. What it did before it failed was rolled back.",
            brokerage=found.brokerage,
        ),
        reason=False,
        danger=False,
    )


@post("/jobs/{run_id:uuid}/again", sync_to_thread=True, status_code=200)
def again(web: Page, run_id: FromPath[UUID]) -> Response[Any]:
    """Queue it again."""
    found = _job(web, run_id)
    with web.system() as session:
        queued = failures.run_again(session, found, web.who)
    return web.leave_for(
        _PAGE,
        notice=_("{job} is queued.", job=found.job) if queued else _("It had gone on already."),
        tone="green" if queued else "secondary",
    )


@get("/streams/error", sync_to_thread=True)
def stream_error(web: Page) -> Response[str]:
    """A stream's error whole."""
    found = _stream(web)
    return _trace(web, found.handler, f"{found.brokerage} · {found.stream}", found.error)


@get("/streams/resume", sync_to_thread=True)
def ask_resume(web: Page) -> Response[str]:
    """What letting a stream go on means."""
    found, skip = _stream(web), web.query.get("skip") == "yes"
    text = (
        _(
            "The event that failed is left out: what {handler} should have done for it is not done.",
            handler=found.handler,
        )
        if skip
        else _(
            "{handler} tries the event that failed again, then goes on with what came after it.", handler=found.handler
        )
    )
    return ask(
        web,
        _("Skip the event?") if skip else _("Resume the stream?"),
        "/streams/resume?" + _stream_query(found, skip=skip),
        _("Skip it") if skip else _("Resume"),
        text=text,
        items=[(_("Brokerage"), found.brokerage), (_("Stream"), found.stream), (_("After event"), str(found.seq))],
        reason=False,
        danger=skip,
    )


@post("/streams/resume", sync_to_thread=True, status_code=200)
def resume(web: Page) -> Response[Any]:
    """Let it go on."""
    found, skip = _stream(web), web.query.get("skip") == "yes"
    platform = web.kit.platform
    resumed = failures.resume_stream(platform.database, platform.runtime, found, web.who, skip=skip)
    text = _("The stream goes on within a second.") if resumed else _("No such handler is installed.")
    return web.leave_for(_PAGE, notice=text, tone="green" if resumed else "red")


@get("/subjects/{parked_id:uuid}", sync_to_thread=True)
def subject(web: Page, parked_id: FromPath[UUID]) -> Response[str]:
    """A subject's error whole."""
    found = _subject(web, parked_id)
    return _trace(web, found.kind, f"{found.brokerage} · {found.instrument}", found.error)


@get("/subjects/{parked_id:uuid}/resume", sync_to_thread=True)
def ask_subject(web: Page, parked_id: FromPath[UUID]) -> Response[str]:
    """What letting a subject take part again means."""
    found = _subject(web, parked_id)
    return ask(
        web,
        _("Let it take part again?"),
        f"/subjects/{parked_id}/resume",
        _("Resume"),
        text=_("It is caught up from the quote at which it was parked; what has been crossed since then happens now."),
        items=[(_("Brokerage"), found.brokerage), (_("Instrument"), found.instrument)],
        reason=False,
        danger=False,
    )


@post("/subjects/{parked_id:uuid}/resume", sync_to_thread=True, status_code=200)
def resume_subject(web: Page, parked_id: FromPath[UUID]) -> Response[Any]:
    """Let it."""
    found = _subject(web, parked_id)
    failures.resume_subject(web.kit.platform.database, found, web.who)
    return web.leave_for(_PAGE, notice=_("It takes part again."))


@get("/errors", sync_to_thread=True)
def errors(web: Page) -> Response[str]:
    """Recent errors of modules, the newest first."""
    with web.system() as session:
        rows = modules.faults(session, limit=100)
    table = Table(
        "errors",
        _ERRORS,
        rows,
        caption=_("Recent errors"),
        actions=lambda row: (Action(_("Trace"), f"/errors/{row.id}", "file-text", dialog=True),),
        empty=Empty(_("No errors"), _("What a module fails at is kept here with its trace."), "circle-check"),
    )
    return web.render("operator/errors.html", table=table, title=_("Recent errors"))


@get("/errors/{fault_id:uuid}", sync_to_thread=True)
def error(web: Page, fault_id: FromPath[UUID]) -> Response[str]:
    """One error's trace."""
    with web.system() as session:
        found = modules.fault(session, fault_id)
    if found is None:
        raise NotFoundError(str(fault_id))
    return _trace(web, found.contribution, f"{found.plugin} · {found.brokerage or _('no brokerage')}", found.trace)


def _table(
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    caption: str,
    actions: Any,
    query: TableQuery | None = None,
    total: int | None = None,
    path: str = "",
) -> Table:
    empty = Empty(_("Nothing stands still"), "", "circle-check")
    return Table(name, columns, rows, query or TableQuery(), total, path, caption=caption, actions=actions, empty=empty)


def _job_actions(row: failures.JobRow) -> tuple[Action, ...]:
    show = Action(_("Error"), f"/jobs/{row.id}", "file-text", dialog=True)
    return (show, Action(_("Run again"), f"/jobs/{row.id}/again", "player-play", dialog=True))


def _stream_actions(row: StreamRow) -> tuple[Action, ...]:
    return (
        Action(_("Error"), f"/streams/error?{_stream_query(row)}", "file-text", dialog=True),
        Action(_("Resume"), f"/streams/resume?{_stream_query(row)}", "player-play", dialog=True),
        Action(
            _("Skip"),
            f"/streams/resume?{_stream_query(row, skip=True)}",
            "player-skip-forward",
            dialog=True,
            danger=True,
        ),
    )


def _subject_actions(row: failures.SubjectRow) -> tuple[Action, ...]:
    return (
        Action(_("Error"), f"/subjects/{row.id}", "file-text", dialog=True),
        Action(_("Resume"), f"/subjects/{row.id}/resume", "player-play", dialog=True),
    )


def _stream_query(row: StreamRow, *, skip: bool = False) -> str:
    named = {"brokerage": row.brokerage, "handler": row.handler, "stream": row.stream, "shard": row.shard}
    return urlencode(named | ({"skip": "yes"} if skip else {}))


def _stream(web: OperatorPage) -> StreamRow:
    wanted = tuple(web.query.get(name, "") for name in ("brokerage", "handler", "stream", "shard"))
    with web.system() as session:
        for row in failures.parked_streams(session):
            if (row.brokerage, row.handler, row.stream, str(row.shard)) == wanted:
                return row
    raise NotFoundError("no such stream is parked")


def _job(web: OperatorPage, run_id: UUID) -> failures.JobRow:
    with web.system() as session:
        found = failures.job(session, run_id)
    if found is None:
        raise NotFoundError(str(run_id))
    return found


def _subject(web: OperatorPage, parked_id: UUID) -> failures.SubjectRow:
    with web.system() as session:
        found = failures.parked_subject(session, parked_id)
    if found is None:
        raise NotFoundError(str(parked_id))
    return found


def _trace(web: OperatorPage, title: str, about: str, trace: str) -> Response[str]:
    return web.render("operator/trace.html", title=title, about=about, trace=trace.strip())


ROUTES = [
    page, job, ask_again, again, stream_error, ask_resume, resume, subject, ask_subject, resume_subject, errors, error,
]  # fmt: skip
