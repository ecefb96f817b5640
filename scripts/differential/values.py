"""Values of every type of the contract: drawing them, spelling them, and reading them back.

A value is an int, a float, a str, bytes, a bool, an int of microseconds (unix_timestamp), a list, or
for maps and JSON the parsed text. Comparison is exact: bits of floats, code points of strings.
"""

import base64
import json
import struct
import uuid
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

SCALARS = ["int32", "int64", "float32", "float64", "string", "bytes", "bool", "unix_timestamp"]
TYPES = SCALARS + [f"array({name})" for name in SCALARS] + ["map", "json", "uuid", "decimal"]
KEY_TYPES = ["int64", "int64", "string", "int32", "bytes", "unix_timestamp"]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
TEXTS = [
    "", "a", "A", "b", " a", "a ", "\u00e9", "e\u0301", "NA", "null", "NULL", "None", "nan", "1", "01",
    "1.0", "true", "a,b", "a;b", "a|b", "a\tb", 'say "hi"', '"', '""', "line\nbreak", "line\r\nbreak",
    "car\rreturn", "\n", "\U0001f9be", "\ufeff", "\u2028", "back\\slash", "it's", "2026-01-01",
    "#", "=1+1", "\x01", "\u0000", "\x7f", "{}", "[]", "-0",
]
DOUBLES = [
    0.0, -0.0, 1.0, -1.0, 0.1, 0.1 + 0.2, 1 / 3, 1e16, 1e22, 1e23, -1e-7, 5e-324, 1.7976931348623157e308,
    2.2250738585072014e-308, 123456789.123456, 9007199254740993.0, 1e15, 999999.999999, 0.001, 0.0005,
    1e-4, 1e-5, 123456.7, float("inf"), float("-inf"), float("nan"),
]


class Unreadable:
    """A cell whose text cannot be of its type."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f"Unreadable({self.text!r})"


def is_bad(value):
    return isinstance(value, Unreadable)


def single(number):
    """The nearest float32 to an exact number, as a float; ties to even."""
    if isinstance(number, float) and number != number or number in (float("inf"), float("-inf")):
        return float(number)
    exact = Fraction(number)
    if exact == 0:
        return 0.0
    near = struct.unpack("<f", struct.pack("<f", float(exact)))[0]
    bits = struct.unpack("<I", struct.pack("<f", abs(near)))[0]
    candidates = []
    for pattern in (bits - 1, bits, bits + 1):
        if 0 <= pattern < 0x7F800000:
            candidates.append((pattern, struct.unpack("<f", struct.pack("<I", pattern))[0]))
    size = abs(exact)
    best = min(candidates, key=lambda pair: (abs(Fraction(pair[1]) - size), pair[0] & 1))
    return -best[1] if exact < 0 else best[1]


def draw(rng, kind):
    """A value of the type, edges often."""
    if kind == "int32":
        return rng.choice([0, 1, -1, 7, 2**31 - 1, -(2**31), rng.randint(-(2**31), 2**31 - 1)])
    if kind == "int64":
        return rng.choice(
            [0, 1, -1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), rng.randint(-(2**63), 2**63 - 1)]
        )
    if kind == "float64":
        if rng.random() < 0.5:
            return rng.choice(DOUBLES)
        if rng.random() < 0.5:
            return round(rng.uniform(-1e6, 1e6), rng.randint(0, 8))
        while True:
            value = struct.unpack("<d", rng.randbytes(8))[0]
            if value == value:
                return value
    if kind == "float32":
        if rng.random() < 0.3:
            value = rng.choice(DOUBLES)
            if value == value and abs(value) not in (float("inf"),) and abs(value) > 3e38:
                return 1.0
            return value if value != value or value == 0 else single(value)
        if rng.random() < 0.5:
            return single(Fraction(rng.randint(-10**6, 10**6), 10 ** rng.randint(0, 6)))
        while True:
            value = struct.unpack("<f", rng.randbytes(4))[0]
            if value == value:
                return value
    if kind == "string":
        return rng.choice(TEXTS) if rng.random() < 0.7 else "".join(rng.choices("aé\u0301,\"\n x", k=5))
    if kind == "bytes":
        return rng.randbytes(rng.randint(0, 6))
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "unix_timestamp":
        return rng.choice(
            [0, -1, 1, 1_768_046_400_000_000, 253402300799999999, -62135596800000000,
             rng.randint(-(2**50), 2**51), rng.randint(-(2**30), 2**31) * 1_000_000]
        )
    if kind.startswith("array("):
        return [draw(rng, kind[6:-1]) for _ in range(rng.randint(0, 3))]
    if kind == "map":
        return draw_json(rng, 0, must_be_map=True)
    if kind == "json":
        return draw_json(rng, 0)
    if kind == "uuid":
        return str(uuid.UUID(bytes=rng.randbytes(16)))
    if kind == "decimal":
        sign = rng.choice(["", "-"])
        whole = str(rng.randint(0, 10 ** rng.randint(1, 30)))
        return sign + whole + ("." + "".join(rng.choices("0123456789", k=rng.randint(1, 20)))
                               if rng.random() < 0.7 else "")
    raise AssertionError(kind)


def draw_json(rng, depth, must_be_map=False):
    choice = 5 if must_be_map else rng.randint(0, 6 if depth < 2 else 3)
    if choice == 0:
        return rng.choice([None, True, False])
    if choice == 1:
        return rng.choice([0, 1, -5, 2**63 - 1, 2**53 + 1, 10**25])
    if choice == 2:
        return rng.choice([0.5, 1.5e300, -0.25])
    if choice in (3, 4):
        return rng.choice(TEXTS)
    if choice == 5:
        return {rng.choice(TEXTS): draw_json(rng, depth + 1) for _ in range(rng.randint(0, 3))}
    return [draw_json(rng, depth + 1) for _ in range(rng.randint(0, 3))]


# Spelling

def micros(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


def spell_utc(value):
    """RFC 3339 in UTC with Z and 0, 3 or 6 digits."""
    seconds, fraction = divmod(value, 1_000_000)
    moment = EPOCH + timedelta(seconds=seconds)
    text = f"{moment.year:04d}-" + moment.strftime("%m-%dT%H:%M:%S")
    if fraction:
        text += f".{fraction // 1000:03d}" if fraction % 1000 == 0 else f".{fraction:06d}"
    return text + "Z"


def spell_time(rng, value, zone):
    """One of the spellings of an instant, `zone` being what a time without zone means."""
    seconds, fraction = divmod(value, 1_000_000)
    forms = ["z", "offset", "epoch", "local"]
    if not -50_000_000_000 < seconds < 250_000_000_000:
        forms = ["z"]
    form = rng.choice(forms)
    digits = f".{fraction:06d}".rstrip("0") if fraction else rng.choice(["", ".0", ".000", ".000000"])
    if digits and rng.random() < 0.5:
        digits = digits.ljust(7, "0")
    if form == "epoch":
        if not fraction:
            return str(seconds)
        sign = "-" if value < 0 else ""
        return f"{sign}{abs(value) // 1_000_000}.{abs(value) % 1_000_000:06d}"
    moment = EPOCH + timedelta(seconds=seconds)
    separator = rng.choice("T ")
    if form == "local":
        local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        both = [micros(local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(timezone.utc))
                for fold in (0, 1)]
        if both == [seconds * 1_000_000] * 2:
            day = f"{local.year:04d}-{local.month:02d}-{local.day:02d}"
            if local.hour == local.minute == local.second == fraction == 0 and rng.random() < 0.7:
                return day
            return f"{day}{separator}{local:%H:%M:%S}{digits}"
        form = "z"
    if form == "offset":
        minutes = rng.choice([60, -300, 330, 0, -570, 825])
        local = moment + timedelta(minutes=minutes)
        sign = "-" if minutes < 0 else "+"
        end = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    else:
        local, end = moment, rng.choice("Zz")
    if end == "z":
        separator = rng.choice("Tt ")
    return f"{local.year:04d}-{local.month:02d}-{local.day:02d}{separator}{local:%H:%M:%S}{digits}{end}"


def spell_float(rng, value, kind):
    if value != value:
        return rng.choice(["NaN", "nan"])
    if value in (float("inf"), float("-inf")):
        return rng.choice(["Infinity", "inf"]) if value > 0 else rng.choice(["-Infinity", "-inf"])
    if kind == "float32" and rng.random() < 0.5:
        # A long decimal close to the middle between two singles rounds to the one it is nearer to.
        return exact_text(near_middle(rng, value))
    text = rng.choice([repr(value), f"{value:.17e}", repr(value).replace("e", "E")])
    return text[:-2] if text.endswith(".0") and rng.random() < 0.3 else text


def near_middle(rng, value):
    """An exact number whose nearest single is `value`, by a hair when possible."""
    bits = struct.unpack("<I", struct.pack("<f", abs(value)))[0]
    if value == 0 or bits + 1 >= 0x7F800000 or not 1e-30 < abs(value) < 1e30:
        return value if value == 0 else Fraction(value)
    above = Fraction(struct.unpack("<f", struct.pack("<I", bits + 1))[0])
    middle = (Fraction(abs(value)) + above) / 2
    hair = (above - Fraction(abs(value))) / 2**40
    exact = rng.choice([middle - hair, Fraction(abs(value))] + ([middle] if bits % 2 == 0 else []))
    return -exact if value < 0 else exact


def exact_text(number):
    """The whole decimal expansion of a number whose denominator is a power of two."""
    if number == 0:
        return "-0.0" if str(number).startswith("-") else "0.0"
    sign, size = ("-", -number) if number < 0 else ("", number)
    places = 0
    while size.denominator != 1:
        size *= 10
        places += 1
    digits = str(size.numerator).rjust(places + 1, "0")
    return sign + (digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}")


def spell(rng, value, kind, zone="UTC"):
    """The text of a value, in a CSV cell."""
    if is_bad(value):
        return value.text
    if kind in ("int32", "int64"):
        return str(value)
    if kind in ("float32", "float64"):
        return spell_float(rng, value, kind)
    if kind in ("string", "decimal"):
        return value
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "bool":
        return rng.choice(["true", "True", "TRUE"] if value else ["false", "False", "FALSE"])
    if kind == "unix_timestamp":
        return spell_time(rng, value, zone)
    if kind == "uuid":
        return value.upper() if rng.random() < 0.3 else value
    if kind.startswith("array("):
        inner = kind[6:-1]
        parts = [spell_element(rng, item, inner, zone) for item in value]
        return "[" + rng.choice([",", ", ", " ,\n"]).join(parts) + "]"
    return json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))


def spell_element(rng, item, kind, zone):
    if kind in ("string",):
        return json.dumps(item, ensure_ascii=rng.random() < 0.5)
    if kind == "bytes":
        return json.dumps(base64.b64encode(item).decode())
    if kind == "bool":
        return json.dumps(item)
    if kind == "unix_timestamp":
        text = spell_time(rng, item, zone)
        return text if "-" not in text[1:] and rng.random() < 0.5 else json.dumps(text)
    if kind in ("float32", "float64"):
        if item != item or abs(item) == float("inf"):
            return '"NaN"' if item != item else ('"Infinity"' if item > 0 else '"-Infinity"')
        return repr(item)
    return str(item)


def sqlite_cell(rng, value, kind, zone):
    """What a SQLite source stores for a value."""
    if value is None:
        return None
    if is_bad(value):
        return value.text
    if kind in ("int32", "int64"):
        return value if rng.random() < 0.8 else str(value)
    if kind in ("float32", "float64"):
        finite = value == value and abs(value) != float("inf")
        return value if finite and rng.random() < 0.7 else spell_float(rng, value, kind)
    if kind == "bool":
        return rng.choice([int(value), str(value).lower()])
    if kind == "bytes":
        return value if rng.random() < 0.7 else base64.b64encode(value).decode()
    if kind == "unix_timestamp":
        if value % 1_000_000 == 0 and rng.random() < 0.4:
            return value // 1_000_000
        return spell_time(rng, value, zone)
    return spell(rng, value, kind, zone)


# Reading back

class Token(str):
    """A JSON number with a dot or an exponent, as it is written."""


def load_json(text):
    return json.loads(text, parse_float=Token, parse_constant=lambda word: 1 / 0)


def same_bits(left, right):
    return left != left and right != right or struct.pack("<d", left) == struct.pack("<d", right)


def digit_count(text):
    mantissa = text.lower().split("e")[0].lstrip("+-").replace(".", "").lstrip("0")
    return len(mantissa.rstrip("0")) or 1


def float_text_is(text, value, kind):
    """Whether a text is the value with the fewest digits."""
    if value != value:
        return text == "NaN"
    if abs(value) == float("inf"):
        return text == ("Infinity" if value > 0 else "-Infinity")
    try:
        read = float(text)
    except ValueError:
        return False
    if not ("." in text or "e" in text.lower()):
        return False
    if kind == "float64":
        return same_bits(read, value) and digit_count(text) <= digit_count(repr(value))
    if value == 0:
        return same_bits(read, value)
    if read == 0 or single(Fraction(Token(text))) != value:
        return False
    fewest = next(n for n in range(1, 18) if single(Fraction(f"{value:.{n - 1}e}")) == value)
    return digit_count(text) <= fewest


def json_is(read, value):
    """Whether parsed JSON is the drawn one, keys in order, numbers by their value and kind."""
    if isinstance(value, dict):
        return (isinstance(read, dict) and list(read) == list(value)
                and all(json_is(read[key], value[key]) for key in value))
    if isinstance(value, list):
        return (isinstance(read, list) and len(read) == len(value)
                and all(map(json_is, read, value)))
    if isinstance(value, float):
        return isinstance(read, Token) and float(read) == value
    return type(read) is type(value) and read == value


def array_is(read, value, inner, wire):
    if not isinstance(read, list) or len(read) != len(value):
        return False
    return all(json_cell_is(item, want, inner, wire) for item, want in zip(read, value))


def json_cell_is(read, value, kind, wire):
    """Whether a parsed JSON value is `value`; `wire` is Feast's HTTP form, else JSON Lines."""
    if value is None:
        return read is None
    if kind in ("int32", "int64"):
        return type(read) is int and read == value
    if kind in ("float32", "float64"):
        if value != value or abs(value) == float("inf"):
            return type(read) is str and float_text_is(read, value, kind)
        if not isinstance(read, Token):
            return False
        return same_bits(float(read), value) if wire else float_text_is(read, value, kind)
    if kind == "bool":
        return read is value
    if kind == "unix_timestamp":
        return type(read) is int and read == value // 1_000_000 if wire else read == spell_utc(value)
    if kind == "bytes":
        return read == base64.b64encode(value).decode()
    if kind.startswith("array("):
        return array_is(read, value, kind[6:-1], wire)
    if kind == "map":
        return json_is(read, value)
    if kind == "json":
        return type(read) is str and json_is(load_json(read), value)
    return type(read) is str and read == value


def csv_cell_is(text, is_quoted, value, kind):
    """Whether a CSV field is `value`, and is quoted just when it must be."""
    if value is None:
        return text == "" and not is_quoted
    if is_quoted != (text == "" or any(letter in text for letter in ',"\r\n')):
        return False
    if kind in ("float32", "float64"):
        return float_text_is(text, value, kind)
    if kind == "bool":
        return text == ("true" if value else "false")
    if kind == "unix_timestamp":
        return text == spell_utc(value)
    if kind == "bytes":
        return text == base64.b64encode(value).decode()
    if kind.startswith("array("):
        return array_is(load_json(text), value, kind[6:-1], wire=False)
    if kind in ("map", "json"):
        return json_is(load_json(text), value)
    return text == str(value)


def sqlite_cell_is(read, value, kind):
    if value is None:
        return read is None
    if kind in ("int32", "int64", "bool"):
        return type(read) is int and read == int(value)
    if kind in ("float32", "float64"):
        return read == "NaN" if value != value else type(read) is float and same_bits(read, value)
    if kind == "bytes":
        return read == value and type(read) is bytes
    return type(read) is str and csv_cell_is(
        read, read == "" or any(letter in read for letter in ',"\r\n'), value, kind)
