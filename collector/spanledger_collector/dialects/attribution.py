"""Whom a call was for and where it ran, from its attributes and its resource; pure."""

from __future__ import annotations

from spanledger import semconv
from spanledger_collector.dialects import names
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.reading import UNKNOWN_SERVICE, first, text, text_of
from spanledger_collector.dialects.tags import MAX_TAGS, named_tags, tags_of
from spanledger_collector.spans import Attributes

__all__ = ["attributed"]


def attributed(call: Call, facts: Attributes, resource: Attributes) -> Call:
    """Add what any dialect's report may say of whom it is for; what the dialect knows stays.

    Names such as `team.id` are looked for in the resource and in the attributes, because some
    senders copy the one onto the other.
    """
    tags = dict(
        [
            *named_tags(resource, *names.COST_TAGS).items(),
            *named_tags(facts, *names.COST_TAGS).items(),
            *call.tags.items(),
            *tags_of(facts).items(),
        ][-MAX_TAGS:]
    )
    return call._replace(
        service=text(resource, semconv.SERVICE_NAME) or UNKNOWN_SERVICE,
        service_version=text(resource, semconv.SERVICE_VERSION),
        environment=text_of(resource, semconv.ENVIRONMENT, semconv.ENVIRONMENT_OLD),
        host=text(resource, semconv.HOST_NAME),
        team=first(tags.get("team"), text_of(resource, *names.TEAM), text_of(facts, *names.TEAM)),
        feature=tags.get("feature"),
        user_id=first(tags.get("user"), call.user_id, text_of(facts, *names.USER)),
        session_id=first(tags.get("session"), call.session_id, text_of(facts, *names.SESSION)),
        tags=tags,
    )
