"""What one value of a course file may look like: from the text as written to a typed value.

Each type names its grammar, so that nothing is guessed: ``1_000`` is no number, ``yes`` is a flag
only where a flag is asked for, a date is a date only where a date is asked for. The JSON Schema
beside each type tells an editor the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from courses.rules import FixedTime, RuleTextError, parse_rule, rule_text, slug_refusal
from seminar.desk.rules.course_file.problems import did_you_mean
from seminar.lib.plaintext import has_visible, is_unseen

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
LONGEST_LINE = 200
LONGEST_PROSE = 20_000
A_MOMENT, A_RULE = "2025-10-24 18:00", "end of last lecture of MODULE"
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
CLOCK = re.compile(r"(\d{2}):(\d{2})", re.ASCII)
WHOLE = re.compile(r"\d{1,6}", re.ASCII)
EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9-]{1,63}\.)+[a-z]{2,63}")
ARXIV = re.compile(
    r"(?=.{1,20}$)(\d{4}\.\d{4,5}|[a-z-]{2,9}(\.[A-Z]{2})?/\d{7})(v\d{1,2})?", re.ASCII
)
URL = re.compile(r"\S{1,200}")
FLAGS = {"yes": True, "true": True, "no": False, "false": False}


def _refuse(code: str, rule: str, hint: str = "") -> NoReturn:
    raise PydanticCustomError(code, "{rule}", {"rule": rule, "hint": hint})


def _one(value: object) -> str:
    if not isinstance(value, str):
        _refuse("one_value", "One value is needed here, not a list or a mapping.")
    return value


def _visible(text: str) -> str:
    """Refuse characters that nobody sees but that change what is read."""
    for character in text:
        if is_unseen(character):
            rule = f"The invisible character U+{ord(character):04X} is not allowed here."
            _refuse("invisible_character", rule, "Remove it.")
    return text


def _line(longest: int) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _visible(_one(value)).strip()
        if not has_visible(text):
            _refuse("blank", "At least one visible character is needed here.")
        if "\n" in text or "\t" in text:
            _refuse("one_line", "This is one line of text; line breaks and tabs are not allowed.")
        if len(text) > longest:
            _refuse("too_long", f"At most {longest} characters; these are {len(text)}.")
        return text

    return check


def _prose(value: object) -> str:
    text = _visible(_one(value)).strip()
    if len(text) > LONGEST_PROSE:
        _refuse("too_long", f"At most {LONGEST_PROSE} characters; these are {len(text)}.")
    return text


def _key(value: object) -> str:
    text = _one(value)
    if not KEY.fullmatch(text):
        rule = "A key has 1 to 50 of the characters a-z, 0-9 and hyphen, the first no hyphen."
        _refuse("key", rule)
    return text


def _slug(value: object) -> str:
    text = _key(value)
    if slug_refusal(text) == "reserved":
        _refuse("reserved", "The application itself uses this word. Choose another slug.")
    return text


def _flag(value: object) -> bool:
    text = _one(value)
    if text not in FLAGS:
        _refuse("flag", "Write `yes` or `no`.")
    return FLAGS[text]


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        text = _one(value)
        if not WHOLE.fullmatch(text) or not low <= int(text) <= high:
            _refuse("whole_number", f"A whole number from {low} to {high} in plain digits.")
        return int(text)

    return check


def _number(low: str, high: str, places: int) -> Callable[[object], Decimal]:
    grammar = re.compile(rf"\d{{1,4}}(\.\d{{1,{places}}})?", re.ASCII)
    rule = f"A number from {low} to {high} in plain digits, at most {places} after a point."

    def check(value: object) -> Decimal:
        text = _one(value)
        if not grammar.fullmatch(text) or not Decimal(low) <= Decimal(text) <= Decimal(high):
            _refuse("number", rule)
        return Decimal(text)

    return check


def _day(value: object) -> date:
    found = DAY.fullmatch(_one(value))
    if not found:
        _refuse("date", "A date is written like 2025-10-20.")
    year, month, day = map(int, found.groups())
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        _refuse("year", f"Years from {EARLIEST_YEAR} to {LATEST_YEAR} are possible.")
    try:
        return date(year, month, day)
    except ValueError:
        _refuse("date", "The calendar has no such day.")


def _clock(value: object) -> time:
    found = CLOCK.fullmatch(_one(value))
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        _refuse("clock", "A time of day is written like 16:00, from 00:00 to 23:59.")
    return time(int(found[1]), int(found[2]))


def is_zone(name: str) -> bool:
    """Tell whether a name is a place in the IANA list; ``CET`` and ``+01:00`` are no places."""
    if name != "UTC" and ("/" not in name or name.startswith(("Etc/", "posix/", "right/"))):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _email(value: object) -> str:
    text = _one(value).strip().lower()
    if len(text) > 254 or not EMAIL.fullmatch(text):
        _refuse("email", "An e-mail address is written like name@example.org.")
    return text


def _zone(value: object) -> str:
    text = _one(value)
    if not is_zone(text):
        rule = "An IANA time zone with a place is needed, like Europe/Berlin."
        _refuse("zone", rule, did_you_mean(text, sorted(available_timezones())))
    return text


def _url(value: object) -> str:
    text = _one(value).strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or not URL.fullmatch(text):
        _refuse(
            "url", "An address starts with https:// or http://, up to 200 characters, no space."
        )
    return text


def _choice(*allowed: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _one(value)
        if text not in allowed:
            _refuse("choice", f"One of: {', '.join(allowed)}.", did_you_mean(text, allowed))
        return text

    return check


def _moment(value: object) -> FixedTime:
    try:
        rule = parse_rule(_one(value))
    except RuleTextError:
        rule = None
    if not isinstance(rule, FixedTime):
        _refuse("moment", "A date and a time are written like 2025-10-20 18:00.")
    if not EARLIEST_YEAR <= rule.day.year <= LATEST_YEAR:
        _refuse("year", f"Years from {EARLIEST_YEAR} to {LATEST_YEAR} are possible.")
    return rule


def _time_rule(value: object) -> str:
    text = _one(value)
    try:
        return rule_text(parse_rule(text))
    except RuleTextError as error:
        _refuse("time_rule", error.words.plain())


@dataclass(frozen=True, eq=False)
class Grammar:
    """How one value is read, for pydantic, and the same in words of JSON Schema, for editors."""

    check: Callable[[object], Any]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


def line(longest: int) -> Grammar:
    """Read one line of text."""
    return Grammar(_line(longest), {"type": "string", "maxLength": longest})


def whole(low: int, high: int) -> Grammar:
    """Read a whole number in [low, high]."""
    return Grammar(_whole(low, high), {"type": "integer", "minimum": low, "maximum": high})


def number(low: str, high: str, places: int = 2) -> Grammar:
    """Read an exact number in [low, high] with at most ``places`` decimals."""
    return Grammar(_number(low, high, places), {"type": ["number", "string"]})


def choice(*allowed: str) -> Grammar:
    """Read one word out of a list."""
    return Grammar(_choice(*allowed), {"enum": list(allowed)})


def _matching(pattern: re.Pattern[str], code: str, rule: str) -> Grammar:
    def check(value: object) -> str:
        text = _one(value)
        if not pattern.fullmatch(text):
            _refuse(code, rule)
        return text

    return Grammar(check, {"type": "string", "pattern": f"^({pattern.pattern})$"})


KEY_SCHEMA = {"type": "string", "pattern": f"^{KEY.pattern}$"}
Line = Annotated[str, line(LONGEST_LINE)]
Prose = Annotated[str, Grammar(_prose, {"type": "string", "maxLength": LONGEST_PROSE})]
Key = Annotated[str, Grammar(_key, KEY_SCHEMA)]
Slug = Annotated[str, Grammar(_slug, KEY_SCHEMA)]
Flag = Annotated[bool, Grammar(_flag, {"enum": [True, False, "yes", "no"]})]
Day = Annotated[date, Grammar(_day, {"type": "string", "format": "date"})]
Clock = Annotated[time, Grammar(_clock, {"type": "string", "pattern": f"^{CLOCK.pattern}$"})]
Moment = Annotated[FixedTime, Grammar(_moment, {"type": "string", "examples": [A_MOMENT]})]
RuleText = Annotated[str, Grammar(_time_rule, {"type": "string", "examples": [A_MOMENT, A_RULE]})]
Email = Annotated[str, Grammar(_email, {"type": "string", "format": "email"})]
Zone = Annotated[str, Grammar(_zone, {"type": "string", "examples": ["Europe/Berlin"]})]
Url = Annotated[str, Grammar(_url, {"type": "string", "format": "uri"})]
ArxivId = Annotated[str, _matching(ARXIV, "arxiv", "An arXiv id is written like 2106.09685.")]
