"""Time zones as people know them: by a city, or by what their clock shows at this moment.

What is kept is always an IANA zone, so that changes of the clock are followed. Zones that show the same now may
part in spring, so the clock narrows the choice and the place decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone_location

from bot.nominal_times import local_now

LONGEST_ZONE = 64
NO_ZONES = {"Factory", "localtime", "posixrules"}  # in some zone databases; they name no place
EXAMPLES = 3  # cities that are named for a clock

# The zones that are offered, the best known first. Each kind of clock that people live by is among them (a test
# walks through the year), so that nobody has to type; who lives elsewhere types their city.
_KNOWN = """
    Europe/London Europe/Lisbon Africa/Casablanca Africa/Accra Africa/Abidjan Africa/Dakar Atlantic/Reykjavik
    Europe/Paris Europe/Berlin Europe/Madrid Europe/Rome Europe/Amsterdam Europe/Warsaw Europe/Stockholm
    Europe/Prague Africa/Lagos Africa/Algiers Africa/Tunis Africa/Kinshasa
    Africa/Cairo Europe/Athens Europe/Kyiv Africa/Johannesburg Europe/Helsinki Europe/Bucharest Asia/Jerusalem
    Asia/Beirut Africa/Tripoli Africa/Maputo Africa/Khartoum Europe/Chisinau
    Europe/Istanbul Africa/Nairobi Europe/Moscow Asia/Riyadh Asia/Baghdad Africa/Addis_Ababa Europe/Minsk
    Asia/Tehran Asia/Dubai Asia/Baku Asia/Tbilisi Asia/Yerevan Europe/Samara Indian/Mauritius Asia/Kabul
    Asia/Karachi Asia/Tashkent Asia/Yekaterinburg Asia/Almaty Indian/Maldives Asia/Kolkata Asia/Colombo
    Asia/Kathmandu Asia/Dhaka Asia/Bishkek Asia/Omsk Asia/Thimphu Asia/Yangon
    Asia/Jakarta Asia/Bangkok Asia/Ho_Chi_Minh Asia/Novosibirsk Asia/Hovd
    Asia/Shanghai Asia/Singapore Asia/Manila Asia/Hong_Kong Asia/Taipei Asia/Kuala_Lumpur Australia/Perth
    Asia/Irkutsk Asia/Ulaanbaatar Australia/Eucla Asia/Tokyo Asia/Seoul Asia/Jayapura Asia/Yakutsk Asia/Dili
    Australia/Adelaide Australia/Darwin Australia/Sydney Australia/Melbourne Australia/Brisbane
    Pacific/Port_Moresby Asia/Vladivostok Pacific/Guam Australia/Lord_Howe
    Pacific/Noumea Pacific/Guadalcanal Asia/Magadan Pacific/Norfolk Pacific/Bougainville
    Pacific/Auckland Pacific/Fiji Asia/Kamchatka Pacific/Tarawa Pacific/Chatham
    Pacific/Tongatapu Pacific/Apia Pacific/Fakaofo Pacific/Kiritimati
    Atlantic/Azores Atlantic/Cape_Verde America/Nuuk America/Noronha
    America/Sao_Paulo America/Argentina/Buenos_Aires America/Montevideo America/Paramaribo America/Miquelon
    America/St_Johns America/Halifax America/Santiago America/Caracas America/La_Paz America/Puerto_Rico
    America/Santo_Domingo America/Manaus America/Asuncion
    America/New_York America/Toronto America/Bogota America/Lima America/Havana America/Jamaica America/Panama
    America/Guayaquil America/Port-au-Prince
    America/Chicago America/Mexico_City America/Guatemala America/Costa_Rica America/Winnipeg Pacific/Galapagos
    Pacific/Easter America/Denver America/Phoenix America/Edmonton America/Hermosillo
    America/Los_Angeles America/Vancouver America/Tijuana Pacific/Pitcairn
    America/Anchorage Pacific/Gambier Pacific/Marquesas Pacific/Honolulu America/Adak Pacific/Tahiti
    Pacific/Pago_Pago Pacific/Niue
"""
PLACES = tuple(_KNOWN.split())


@dataclass(frozen=True)
class ClockNow:
    """What a clock shows now somewhere: the minutes ahead of UTC, the local time, and the places, best known first."""

    offset: int
    local: datetime
    places: tuple[str, ...]


def clocks(now: datetime) -> tuple[ClockNow, ...]:
    """Every clock that people live by, from the west to the east. `now` is UTC."""
    found: dict[int, list[str]] = {}
    for place in PLACES:
        found.setdefault(_offset(place, now), []).append(place)
    return tuple(
        ClockNow(offset, local_now(now, names[0]).replace(second=0, microsecond=0), tuple(names))
        for offset, names in sorted(found.items())
    )


def places_at(offset: int, now: datetime) -> tuple[str, ...]:
    """The places whose clock is `offset` minutes ahead of UTC now; none for an offset nobody lives by."""
    return tuple(place for place in PLACES if _offset(place, now) == offset)


def city(zone: str, locale: str = "en") -> str:
    """The city that a zone is named after, in the reader's language."""
    try:
        found = get_timezone_location(zone, locale=_babel(locale), return_city=True)
    except (LookupError, ValueError):
        found = zone.replace("_", " ")
    return found.rsplit("/", 1)[-1]


@cache
def _babel(locale: str) -> Locale:
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _offset(zone: str, now: datetime) -> int:
    return int((now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds() // 60)


@cache
def names_and_cities() -> tuple[dict[str, str], dict[str, str]]:
    """Zones by their name and by their city, in small letters. Read once: it means walking through files."""
    names = sorted(available_timezones() - NO_ZONES)
    # Etc/GMT+5 is five hours *behind* UTC, the opposite of what people mean by it.
    cities = {each.rsplit("/", 1)[-1]: each for each in names if "/" in each and not each.startswith("Etc/")}
    return {each.casefold(): each for each in names}, {key.casefold(): each for key, each in cities.items()}
