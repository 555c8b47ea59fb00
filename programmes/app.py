"""Wiring: settings and a clock become the web application. Nothing is decided here."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from litestar.types import Receive, Scope, Send

from programmes.attendance import views as attendance_views
from programmes.calendar import views as calendar_views
from programmes.catalogue import views as catalogue_views
from programmes.cohorts import closure_views, office_views, venue_views
from programmes.cohorts import views as cohorts_views
from programmes.core import folder_marks, refusals
from programmes.core.clock import Clock
from programmes.core.db import WEB, close_pool, open_pool
from programmes.core.sealing import KeyFolder
from programmes.core.which_database import OwnDatabase
from programmes.desk.changes import apart_views, leader_views
from programmes.desk.changes import views as change_views
from programmes.desk.closing import ending_views
from programmes.desk.closing import views as closing_views
from programmes.desk.extract import views as extract_views
from programmes.desk.group import (
    again_services,
    calls_views,
    groups_views,
    refusal_views,
    sent_views,
    transfer_views,
    visit_views,
)
from programmes.desk.illness import reached_views, substitute_views
from programmes.desk.illness import views as sick_views
from programmes.desk.moving import my_views as my_moving_views
from programmes.desk.moving import views as moving_views
from programmes.desk.place import consent_views, leaving_views, siblings_views
from programmes.desk.place import step_views as place_step_views
from programmes.desk.place import views as place_views
from programmes.desk.public import api_views
from programmes.desk.public import views as public_views
from programmes.desk.readings import views as readings_views
from programmes.desk.talks import views as talk_views
from programmes.desk.today import views as today_views
from programmes.enrolment import declaring_views
from programmes.enrolment import views as enrolment_views
from programmes.enrolment.leaving import taking_back_views
from programmes.enrolment.person import step_views as person_step_views
from programmes.enrolment.person import views as person_views
from programmes.enrolment.queue import holding_views, offer_views
from programmes.enrolment.queue import views as queue_views
from programmes.enrolment.records import details_views, keeping_views, partner_views, protection_views, search_views
from programmes.enrolment.texts import views as text_views
from programmes.evaluation import views as evaluation_views
from programmes.notices import views as notices_views
from programmes.oversight.checklist import views as checklist_views
from programmes.oversight.cockpit import views as oversight_views
from programmes.oversight.compliance import views as compliance_views
from programmes.oversight.decisions import views as decision_views
from programmes.oversight.due import views as due_views
from programmes.oversight.log import review_views
from programmes.oversight.opening import views as opening_views
from programmes.oversight.per_year import views as year_views
from programmes.oversight.report import views as report_views
from programmes.oversight.retention import views as retention_views
from programmes.oversight.statistics import views as statistics_views
from programmes.oversight.status import metrics_views
from programmes.oversight.status import views as status_views
from programmes.people import account_views, confirm_views, second_step_views, single_sign_on_views
from programmes.people import views as people_views
from programmes.people.provider_services import Provider
from programmes.people.queries import load_principal
from programmes.settings import Settings
from programmes.web import errors, health
from programmes.web.bursts import Bursts
from programmes.web.form_tokens import FormSecret, FormTokens
from programmes.web.headers import add_headers
from programmes.web.hosts import with_readable_host
from programmes.web.language import choose_language
from programmes.web.limits import MOST_BYTES, MOST_SECONDS, Turns, keep_limits, with_whole_body
from programmes.web.measuring import Measures, measured
from programmes.web.rendering import Static, make_environment
from programmes.web.right_database import keep_to_the_right_database
from programmes.web.sessions import cookie_name, identify
from programmes.web.static_files import static_file

_NO_COOKIE = ["^/u(/|$)", "^/k/", "^/static/", "^/health/", "^/api/", "^/schema", "^/metrics"]


def _csrf(settings: Settings) -> CSRFConfig:
    return CSRFConfig(
        # `FormTokens` asks for it: whether this is the right key folder is not known yet.
        secret="",
        cookie_name=cookie_name("csrftoken", settings.https),
        cookie_secure=settings.https,
        cookie_httponly=True,
        exclude=_NO_COOKIE,
    )


def _office_handlers() -> list[Any]:
    """The desk of coordinators and leaders: days, groups, what is moved, closed or talked about."""
    return [
        *today_views.HANDLERS,
        *groups_views.HANDLERS,
        *calls_views.HANDLERS,
        *apart_views.HANDLERS,
        *change_views.HANDLERS,
        *leader_views.HANDLERS,
        *sent_views.HANDLERS,
        *reached_views.HANDLERS,
        *sick_views.HANDLERS,
        *substitute_views.HANDLERS,
        *closing_views.HANDLERS,
        *ending_views.HANDLERS,
        *talk_views.HANDLERS,
        *visit_views.HANDLERS,
        *transfer_views.HANDLERS,
        *moving_views.HANDLERS,
        *my_moving_views.HANDLERS,
        *refusal_views.HANDLERS,
    ]


def _open_handlers() -> list[Any]:
    """What is open to everybody: what there is, calendars, slips, whether it runs; and signing in."""
    return [
        *catalogue_views.HANDLERS,
        *readings_views.HANDLERS,
        *public_views.HANDLERS,
        *api_views.HANDLERS,
        *attendance_views.HANDLERS,
        *evaluation_views.HANDLERS,
        *calendar_views.HANDLERS,
        *notices_views.HANDLERS,
        *health.HANDLERS,
        *people_views.HANDLERS,
        *second_step_views.HANDLERS,
        *single_sign_on_views.HANDLERS,
        *account_views.HANDLERS,
        *confirm_views.HANDLERS,
    ]


def _place_handlers() -> list[Any]:
    """Applying, queueing, and what somebody or the office does with a place or a record."""
    return [
        *enrolment_views.HANDLERS,
        *person_views.HANDLERS,
        *person_step_views.HANDLERS,
        *taking_back_views.HANDLERS,
        *details_views.HANDLERS,
        *protection_views.HANDLERS,
        *holding_views.HANDLERS,
        *partner_views.HANDLERS,
        *declaring_views.HANDLERS,
        *offer_views.HANDLERS,
        *queue_views.HANDLERS,
        *search_views.HANDLERS,
        *keeping_views.HANDLERS,
        *text_views.HANDLERS,
        *place_views.HANDLERS,
        *place_step_views.HANDLERS,
        *leaving_views.HANDLERS,
        *consent_views.HANDLERS,
        *extract_views.HANDLERS,
        *siblings_views.HANDLERS,
        *cohorts_views.HANDLERS,
        *closure_views.HANDLERS,
        *office_views.HANDLERS,
        *venue_views.HANDLERS,
    ]


def _oversight_handlers() -> list[Any]:
    """What managers see, and how the service is."""
    return [
        *oversight_views.HANDLERS,
        *year_views.HANDLERS,
        *decision_views.HANDLERS,
        *checklist_views.HANDLERS,
        *opening_views.HANDLERS,
        *review_views.HANDLERS,
        *retention_views.HANDLERS,
        *due_views.HANDLERS,
        *statistics_views.HANDLERS,
        *report_views.HANDLERS,
        *compliance_views.HANDLERS,
        *metrics_views.HANDLERS,
        *status_views.HANDLERS,
    ]


def _handlers() -> list[Any]:
    return [
        static_file,
        choose_language,
        *_office_handlers(),
        *_open_handlers(),
        *_place_handlers(),
        *_oversight_handlers(),
    ]


class Application(Litestar):
    """Litestar, which hears of no host that it could not read, and of a write when all of it is here."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        await measured(
            super().__call__,
            self.state.measures,
            with_readable_host(scope),
            await with_whole_body(scope, receive),
            send,
        )


def create_app(
    settings: Settings, clock: Clock, on_query: Callable[[Any], None] | None = None, own_pool: bool = True
) -> Litestar:
    """The web application. `own_pool=False` leaves the database pool to the caller (tests share theirs)."""
    keys = KeyFolder(settings.key_folder)

    @asynccontextmanager
    async def pool(_: Litestar) -> AsyncIterator[None]:
        if own_pool:
            with refusals.told():
                await open_pool(settings.web_database_url, settings.pool_size, on_query, WEB)
            await folder_marks.hold_to(keys)
        keys.note_service_keys()
        yield
        if own_pool:
            await close_pool()

    return Application(
        route_handlers=_handlers(),
        middleware=[
            keep_limits,
            keep_to_the_right_database,
            identify,
            DefineMiddleware(FormTokens, config=_csrf(settings)),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=[pool],
        request_max_body_size=MOST_BYTES,
        openapi_config=None,
        debug=False,
        logging_config=None,
        before_send=[add_headers],
        state=_state(settings, clock, keys),
    )


def _state(settings: Settings, clock: Clock, keys: KeyFolder) -> State:
    """What every request finds in `app.state`."""
    static = Static()
    return State(
        {
            "settings": settings,
            "clock": clock,
            "key_folder": keys,
            "form_secret": FormSecret(keys),
            "own_database": OwnDatabase(),
            "static": static,
            "templates": make_environment(settings, static),
            "load_principal": load_principal,
            "may_send_again": again_services.may_send_again,
            "provider": Provider(settings.single_sign_on, settings.base_url) if settings.single_sign_on else None,
            "bursts": Bursts(settings.burst_most, timedelta(minutes=settings.burst_minutes)),
            "turns": Turns(),
            "measures": Measures(),
            "most_seconds": MOST_SECONDS,
            "wrong_codes": Bursts(settings.guess_most, timedelta(minutes=settings.burst_minutes)),
        }
    )
