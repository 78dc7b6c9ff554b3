"""All that stands before the pages, in the order in which it is asked."""

from starlette.types import ASGIApp

from tm_exporter.web.basic_auth import BasicAuth
from tm_exporter.web.cross_site import NoStrangers
from tm_exporter.web.limits import RequestLimits
from tm_exporter.web.protection import Current, none
from tm_exporter.web.security import SecurityHeaders
from tm_exporter.web.target import OriginForm


def guarded(app: ASGIApp, protection: Current = none) -> ASGIApp:
    """
    Return an application behind all that protects it.

    Args:
        app: What answers those who are let through.
        protection: What is in force.
    """
    for_users = BasicAuth(app, protection)
    for_friends = NoStrangers(for_users)
    for_modest = RequestLimits(for_friends, protection)
    return SecurityHeaders(OriginForm(for_modest), protection)
