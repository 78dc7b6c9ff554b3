"""The user, and what the user and the vendor's people did, as told."""

from typing import Any

from tm_exporter.simulator.account import DAY
from tm_exporter.simulator.proto_json import timestamp
from tm_exporter.simulator.world import World


def profile(world: World) -> dict[str, Any]:
    """Return the User message; as the real one, it has secrets and personal data."""
    user = {
        "id": world.credentials.user_id,
        "firstName": "Simone",
        "lastName": "Ulated",
        "displayName": "Simone Ulated",
        "userEmail": "simone@example.invalid",
        "authProvider": "AUTH_PROVIDER_GITHUB",
        "authProviderId": "made-up",
        "avatarUrl": "",
        "stripeCusId": "cus_simulated",
        "userRole": "USER_ROLE_UNSPECIFIED",
        "apiKey": world.credentials.api_key,
        "company": "",
        "tosAcceptedAt": timestamp(world.now() - 200 * DAY),
        "surveyCompletedAt": None,
    }
    return {"user": user}


def api_keys(world: World, *, deleted: bool) -> dict[str, Any]:
    """Return three keys: without an end, with one, and, if asked for, a deleted one."""
    now = world.now()
    keys = [
        _key("key-1", "everyday", now),
        _key("key-2", "ends", now, expiresAt=timestamp(now + 20 * DAY)),
        _key("key-3", "revoked", now, deletedAt=timestamp(now - DAY)),
    ]
    return {"apiKeys": keys if deleted else keys[:2]}


def tickets(world: World, status: str) -> list[dict[str, Any]]:
    """Return the support tickets of one status; of all if it is empty."""
    now = world.now()
    states = ("OPEN", "OPEN", "CLOSED", "CLOSED", "CLOSED")
    every = [
        {
            "ticketId": f"ticket-{number}",
            "subject": "A made-up question",
            "requesterUserId": world.credentials.user_id,
            "status": f"TICKET_STATUS_{state}",
            "type": "TICKET_TYPE_UNSPECIFIED",
            "conversations": [],
            "createdAt": timestamp(now - number * 3 * DAY),
            "updatedAt": timestamp(now - number * 2 * DAY),
        }
        for number, state in enumerate(states, start=1)
    ]
    all_of_them = not status or status.endswith("_UNSPECIFIED")
    return [ticket for ticket in every if all_of_them or ticket["status"] == status]


def activities(
    world: World, action: str, start: float, end: float
) -> list[dict[str, Any]]:
    """Return what was done within a time, newest first."""
    now = world.now()
    actions = ("model.deploy", "api_key.create", "user.login", "user.login") * 6
    every = [(now - hours * 7200, what) for hours, what in enumerate(actions, start=1)]
    return [
        {
            "activityId": f"activity-{int(at)}",
            "actorType": "ACTOR_TYPE_USER",
            "userId": world.credentials.user_id,
            "action": what,
            "resourceType": what.partition(".")[0],
            "resourceId": "made-up",
            "description": "",
            "metadata": {},
            "occurredAt": timestamp(at),
            "recordedAt": timestamp(at + 1),
        }
        for at, what in every
        if start <= at <= end and action in ("", what)
    ]


def _key(key_id: str, name: str, now: float, **times: str) -> dict[str, Any]:
    created = {"createdAt": timestamp(now - 100 * DAY)}
    unset = {"expiresAt": None, "deletedAt": None}
    return {"id": key_id, "name": name, "scopes": []} | created | unset | times
