"""Work that is known beforehand, `[[alerts.planned]]`: once, or again and again."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from spanledger_collector.settings._scope import Name, Only
from spanledger_collector.settings._section import Section
from spanledger_collector.settings._values import TimeZone

__all__ = ["DAYS", "Planned"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _moment(value: Any) -> Any:
    """An instant or a time of day, also as text; a date alone is its midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    if not isinstance(value, str):
        return value
    kind = datetime if "-" in value[:5] else time
    try:
        return kind.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise PydanticCustomError(
            "moment",
            "is neither an instant like 2026-12-01T20:00:00 nor a time of day like 22:00:00",
        ) from None


Moment = Annotated[datetime | time, BeforeValidator(_moment)]


class Planned(Section):
    """Calls that are neither out of the ordinary nor an example of what is usual."""

    name: Name
    start: Moment
    end: Moment
    days: tuple[Day, ...] = Field(default=(), max_length=7)
    """On which it begins, where it comes again; every day without any."""
    time_zone: TimeZone | None = None
    """Whose clock `start` and `end` are read on; by default the dashboard's."""
    only: Only = Field(default={}, validate_default=True)

    @property
    def scope(self) -> dict[str, list[str]]:
        """Which calls are planned: for each dimension its values."""
        return {str(name): values for name, values in self.only.items()}

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Planned:
        kinds = {isinstance(self.start, datetime), isinstance(self.end, datetime)}
        said = None
        if len(kinds) > 1:
            said = "needs two instants, or two times of day, as start and end"
        elif isinstance(self.start, datetime) and isinstance(self.end, datetime):
            if (self.start.tzinfo is None) is not (self.end.tzinfo is None):
                said = "has an offset from UTC at one end alone; write it at both, or at none"
            elif self.start >= self.end:
                said = "ends before it starts"
            elif self.days:
                said = "has days, which go with times of day, and not with instants"
        elif self.start == self.end:
            said = "ends at the time of day at which it starts"
        if said is not None:
            raise PydanticCustomError("planned", "'{name}' " + said, {"name": self.name})
        return self
