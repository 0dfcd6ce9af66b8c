"""Numbers, times and changes as people read them; pure.

Nothing here turns a small number into zero or an unknown one into a known one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

__all__ = [
    "ago",
    "change",
    "clock",
    "count",
    "day",
    "duration",
    "lasting",
    "money",
    "money_short",
    "offset",
    "ordinal",
    "plain",
    "points",
    "quantity",
    "relative",
    "share",
    "size",
    "zone_name",
]

UNKNOWN = "—"
_PICO = 12
_UNITS = ((10**3, "K"), (10**6, "M"), (10**9, "B"), (10**12, "T"))
_MARKDOWN = str.maketrans({character: f"\\{character}" for character in r"\`*_{}[]()<>#+-.!|~$:^&"})


def money(amount: Decimal | None) -> str:
    """US dollars: cents from a dollar up, two significant digits below, None is "unpriced"."""
    if amount is None:
        return "unpriced"
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    if size >= 1_000_000:
        return f"{sign}${_rounded(size, 0):,f}"
    cents = _rounded(size, 2)
    if cents >= Decimal("0.1") or not size:
        return f"{sign}${cents:,f}"
    return f"{sign}${_rounded(size, min(1 - size.adjusted(), _PICO)):f}"


def money_short(amount: Decimal) -> str:
    """US dollars for a label on a chart: no cents from ten dollars up, K and M above."""
    size = abs(amount)
    if size < 10:
        return money(amount)
    sign = "-" if amount < 0 else ""
    return f"{sign}${quantity(int(_rounded(size, 0)))}"


def quantity(number: int) -> str:
    """A count in at most five characters: 9,876 · 12.3K · 1.2M."""
    if abs(number) < 10_000:
        return f"{number:,}"
    scaled = ((_rounded(Decimal(number) / size, 1), unit) for size, unit in _UNITS)
    short, unit = next(pair for pair in scaled if abs(pair[0]) < 1000 or pair[1] == _UNITS[-1][1])
    return f"{short:,f}".removesuffix(".0") + unit


def count(number: int, noun: str, several: str | None = None) -> str:
    """A counted noun: 1 call, 2 calls."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {several or f'{noun}s'}"


def size(number: int) -> str:
    """Bytes as disks are measured: 512 MiB · 1.5 GiB."""
    scaled, units = Decimal(number), iter(("bytes", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while abs(scaled) >= 1024 and unit != "TiB":
        scaled, unit = scaled / 1024, next(units)
    return f"{_rounded(scaled, 0 if unit == 'bytes' or scaled >= 100 else 1):,f} {unit}"


def share(part: float | None) -> str:
    """A share as percent; never rounded to nothing or to everything."""
    if part is None:
        return UNKNOWN
    if 0 < part < 0.001:
        return "<0.1%"
    if 0.999 < part < 1:
        return ">99.9%"
    return f"{part:.1%}"


def relative(now: Decimal | int, before: Decimal | int) -> str | None:
    """The change in percent of what it was, up to a hundredfold; None when it was nothing."""
    if not before:
        return None
    ratio = Decimal(now - before) / abs(Decimal(before))
    if ratio >= 100:
        return ">+9,999%"
    if abs(ratio) >= 10:
        return f"{ratio:+,.0%}"
    percent = _rounded(ratio * 100, 0 if abs(ratio) >= Decimal("0.1") else 1)
    return f"{percent:+f}%" if percent else "±0%"


def change(now: Decimal | int, before: Decimal | int) -> str:
    """The difference with its sign, and in percent where that means something."""
    difference = now - before
    if not difference:
        return "no change"
    if isinstance(difference, Decimal):
        text = money(difference) if difference < 0 else f"+{money(difference)}"
    else:
        text = quantity(difference) if difference < 0 else f"+{quantity(difference)}"
    percent = relative(now, before)
    return f"{text} ({percent})" if percent else text


def points(now: float | None, before: float | None) -> str | None:
    """The difference of two shares in percentage points; None when one is unknown."""
    if now is None or before is None:
        return None
    difference = round((now - before) * 100, 1)
    return f"{difference:+.1f} pts" if difference else "no change"


def duration(nanoseconds: int | None) -> str:
    """A length of time: 850 ms · 1.2 s · 2 min 5 s · 1 h 3 min."""
    if nanoseconds is None:
        return UNKNOWN
    seconds = nanoseconds / 1e9
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def ago(past: timedelta) -> str:
    """How long ago; a clock that runs ahead reads as "just now"."""
    return "just now" if past < timedelta(seconds=1) else f"{lasting(past)} ago"


def lasting(stretch: timedelta) -> str:
    """A length of time in its largest unit: 12 s · 5 min · 3 h · 2 days."""
    seconds = int(stretch.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600} h"
    return count(seconds // 86_400, "day")


def clock(moment: datetime) -> str:
    """The time of day: 14:03."""
    return moment.strftime("%H:%M")


def day(moment: datetime, *, year: bool = False) -> str:
    """A day with its weekday: Fri 20 Nov, with the year when asked."""
    text = f"{moment:%a} {moment.day} {moment:%b}"
    return f"{text} {moment.year}" if year else text


def ordinal(number: int) -> str:
    """The day of a month in words: 1st, 22nd, 13th."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else ending}"


def offset(moment: datetime) -> str:
    """The distance from UTC at that moment: UTC+1, UTC-3:30."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}:{rest:02d}" if rest else f"UTC{sign}{hours}"


def zone_name(zone: ZoneInfo, moment: datetime) -> str:
    """A time zone as people know it: Europe/Berlin (UTC+1)."""
    distance = offset(moment.astimezone(zone))
    return zone.key if zone.key == distance else f"{zone.key} ({distance})"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: names come from telemetry and may hold anything."""
    return " ".join(text.split()).translate(_MARKDOWN)


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
