"""Instants as whole nanoseconds since the Unix epoch, and the days and weeks of Berlin that they lie in."""

import datetime
import re
import zoneinfo

MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EARLIEST = -62_135_596_800 * SECOND            # 0001-01-01T00:00:00Z
LATEST = 253_402_300_800 * SECOND - 1          # The last nanosecond of 9999.
LONGEST = 2**63 - 1                            # A duration is an int64 of nanoseconds.

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
FROM_MONDAY = 3                                # The epoch was a Thursday.

RFC_3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
                      re.ASCII)

_days_by_hour: dict = {}


def day_of(instant):
    """The number of the day in Berlin. Its clocks change on whole hours of UTC, so one look an hour is enough."""
    hour = instant // HOUR
    day = _days_by_hour.get(hour)
    if day is None:
        # A few hours before the end of 9999 it is 10000 in Berlin, which datetime does not have; it is winter.
        utc = EPOCH + datetime.timedelta(hours=min(hour, LATEST // HOUR - 24))
        offset = utc.astimezone(BERLIN).utcoffset()
        day = (hour * 3600 + int(offset.total_seconds())) // 86_400
        if len(_days_by_hour) > 100_000:
            _days_by_hour.clear()
        _days_by_hour[hour] = day
    return day


def week_of(instant):
    """The number of the week in Berlin, which begins on Monday."""
    return (day_of(instant) + FROM_MONDAY) // 7


def name_of_day(day):
    if day * DAY > LATEST:
        return "10000-01-01"  # In Berlin the last hour of 9999 in UTC belongs to it.
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def days_before(year, month, day):
    """Days from the epoch to this date of the Gregorian calendar, also in the year 0, which datetime does not have."""
    shifted = year + 400
    return datetime.date(shifted, month, day).toordinal() - 719_163 - 146_097 if shifted <= 9999 else \
        datetime.date(year, month, day).toordinal() - 719_163


def parse(text):
    """The instant that an RFC 3339 string names, or None."""
    found = RFC_3339.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = found.groups()
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    try:
        days = days_before(int(year), int(month), int(day))
    except ValueError:
        return None
    instant = ((days * 24 + int(hour)) * 60 + int(minute)) * MINUTE + int(second) * SECOND
    if fraction is not None:
        instant += int(fraction[:9].ljust(9, "0"))
    if sign is not None:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            return None
        offset = int(offset_hours) * HOUR + int(offset_minutes) * MINUTE
        instant += offset if sign == "-" else -offset
    return instant if EARLIEST <= instant <= LATEST else None


def text_of(instant):
    """RFC 3339 in UTC, with as many digits behind the second as there are."""
    seconds, rest = divmod(instant, SECOND)
    whole = (EPOCH + datetime.timedelta(seconds=seconds)).strftime("%m-%dT%H:%M:%S")
    year = (EPOCH + datetime.timedelta(seconds=seconds)).year
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{year:04d}-{whole}{fraction}Z"
