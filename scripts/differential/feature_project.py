"""A random project of histories, views, pushes and services, and a naive model of both stores."""

import gzip
import json
import random
import sqlite3
import time
from pathlib import Path

import values
from repository import AGES, DAY, KEY_POOL, MINUTE, NOW, TTLS, ZONES

NEVER = float("-inf")
# The first and the last moment that there is: in the years 1 and 9999.
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
BAD = values.Unreadable("bad")
WHOLE = ["int32", "int64", "float64"]
BAD_TEXT = {"int32": "2147483648", "int64": "1.5", "float32": "x", "float64": "oops", "bool": "maybe",
            "bytes": "%%", "unix_timestamp": "soon", "uuid": "12", "decimal": "1x", "json": "{oops"}
REQUEST_TYPES = ["int32", "int64", "float64", "string", "bool", "unix_timestamp"]


def read_as(value, old, new):
    """What a cell of one type is when it is read as another; `BAD` when it cannot be."""
    if value is None or values.is_bad(value) or old == new:
        return value
    if new == "float64":
        return float(value)
    if old == "float64":
        return int(value) if value == value and abs(value) <= 2**53 and value == int(value) else BAD
    return value if new == "int64" or -(2**31) <= value < 2**31 else BAD


class Row:
    def __init__(self, keys, moment, created, cells, push=None, number=0):
        self.keys, self.time, self.created, self.cells = keys, moment, created, cells
        # (push source, pushed at); None for a row of the batch source.
        self.push, self.number = push, number

    def rank(self):
        known = self.created
        if known is None:
            known = self.push[1] if self.push else NEVER
        # Rows of a static table have no time.
        return (self.time or 0, known, self.push is not None, self.number)


class History:
    """A source with the push sources on top of it, and all of its rows."""

    def __init__(self, rng, number, entities):
        self.rng, self.name = rng, f"h{number}"
        self.entities = entities
        self.keys = [key for entity in entities for key in entity["keys"]]
        self.batch = rng.choice(["csv", "csv", "sqlite", None])
        self.is_static = self.batch is not None and rng.random() < 0.12
        self.has_created = rng.random() < 0.6
        self.zone = rng.choice(ZONES) if self.batch else None
        pushes = 0 if self.is_static else rng.choice([0, 1, 1, 2]) if self.batch else 1
        self.pushes = [f"{self.name}_push{i}" for i in range(pushes)]
        count = rng.randint(2, 6)
        self.columns = {f"{self.name}_c{i}": rng.choice(values.TYPES + WHOLE * 3) for i in range(count)}
        self.names = {name: name if not self.batch or rng.random() < 0.7 else f"{rng.choice(['é', 'a b', 'x,y'])} {name}"
                      for name in self.columns}
        # Columns of keys and times by the names that the definitions have for them.
        self.renamed = {name: f"its {name}" for name in [*(key for key, _ in self.keys), "happened", "made"]
                        if self.batch and rng.random() < 0.2}
        self.shape = rng.choice(["plain", "plain", "gz", "glob"])
        self.null_values = rng.choice([[""], [""], ["", "NA"], ["NA", "nil"]])
        grid = [NOW - age for age in rng.sample(AGES, 4)] + [NOW + DAY]
        self.grid = grid + [moment + rng.choice([-1, 1]) for moment in grid]
        if rng.random() < 0.2:
            self.grid.append(rng.choice([FIRST, LAST]))
        self.batch_rows, self.pushed_rows, self.written = [], [], 0
        if self.batch:
            self.batch_rows = [self.draw_row(i) for i in range(rng.choice([0, 3, 20, 60]))]

    def draw_row(self, number, with_flaws=0.01):
        rng = self.rng
        keys = tuple(None if rng.random() < 0.02 else rng.choice(KEY_POOL[kind]) for _, kind in self.keys)
        cells = {}
        for name, kind in self.columns.items():
            chance = rng.random()
            cells[name] = None if chance < 0.12 else values.draw(rng, kind)
            if chance > 1 - with_flaws and kind in BAD_TEXT:
                cells[name] = values.Unreadable(BAD_TEXT[kind])
        # Unreadable must be unreadable for whatever type the column gets.
        for name, value in cells.items():
            if values.is_bad(value) and self.columns[name] in WHOLE:
                cells[name] = values.Unreadable("oops")
        moment = rng.choice(self.grid) if rng.random() < 0.97 and not self.is_static else None
        created = rng.choice(self.grid) if self.has_created and rng.random() < 0.8 else None
        return Row(keys, moment, created, cells, None, number)

    # Files

    def sources(self):
        known = {} if self.is_static else {"timestamp_field": "happened"}
        if self.has_created:
            known["created_timestamp_column"] = "made"
        result = []
        if self.batch:
            source = {"name": self.name, "type": self.batch, **known}
            if self.batch == "csv":
                ending = {"plain": ".csv", "gz": ".csv.gz", "glob": "-*.csv*"}[self.shape]
                source["path"] = f"data/{self.name}{ending}"
                if self.null_values != [""]:
                    source["null_values"] = self.null_values
            else:
                source |= {"path": f"data/{self.name}.db", "table": "rows of it"}
            mapping = {column: name for name, column in {**self.names, **self.renamed}.items() if column != name}
            if mapping:
                source["field_mapping"] = mapping
            if self.zone:
                source["timezone"] = self.zone
            result.append(source)
        for push in self.pushes:
            result.append({"name": push, "type": "push", **({"batch_source": self.name} if self.batch else known)})
        return result

    def header(self):
        names = [key for key, _ in self.keys] + ["happened", "made"]
        return [self.renamed.get(name, name) for name in names] + list(self.names.values())

    def row_values(self, row):
        kinds = [kind for _, kind in self.keys] + ["unix_timestamp"] * 2 + list(self.columns.values())
        return list(zip([*row.keys, row.time, row.created, *row.cells.values()], kinds))

    def write(self, directory):
        rng, zone = self.rng, self.zone or "UTC"
        new, self.written = self.batch_rows[self.written:], len(self.batch_rows)
        if self.batch == "csv":
            number = self.parts = getattr(self, "parts", -1) + 1
            ending = {"plain": ".csv", "gz": ".csv.gz",
                      "glob": f"-{number:03d}" + rng.choice([".csv", ".csv.gz"])}[self.shape]
            path = directory / f"data/{self.name}{ending}"
            text = "" if path.exists() else ",".join(map(quoted, self.header())) + "\n"
            for row in new:
                text += ",".join(rng.choice(self.null_values) if value is None else
                                 quoted(values.spell(rng, value, kind, zone), self.null_values)
                                 for value, kind in self.row_values(row)) + "\n"
            with open(path, "ab") as file:
                # Several gzip members in a row are one gzip file.
                file.write(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
        elif self.batch == "sqlite":
            database = sqlite3.connect(directory / f"data/{self.name}.db")
            names = ", ".join('"' + name + '"' for name in self.header())
            database.execute(f'CREATE TABLE IF NOT EXISTS "rows of it" ({names})')
            database.executemany(
                f'INSERT INTO "rows of it" VALUES ({", ".join("?" * len(self.header()))})',
                [[values.sqlite_cell(rng, value, kind, zone) for value, kind in self.row_values(row)] for row in new])
            database.commit()
            database.close()

    def grow(self, directory):
        if self.batch:
            start = len(self.batch_rows)
            self.batch_rows += [self.draw_row(start + i) for i in range(self.rng.randint(0, 8))]
            self.write(directory)


def quoted(text, null_values=()):
    must = text == "" or text in null_values or any(letter in text for letter in ',"\r\n') or text.startswith("\ufeff")
    return '"' + text.replace('"', '""') + '"' if must else text


class Generation:
    """A view as it is or was defined, and what the online store should hold of it."""

    def __init__(self, view, version, schema, ttl, filters, is_online):
        self.view, self.version, self.schema, self.is_online = view, version, dict(schema), is_online
        self.ttl, self.filters, self.pushes = ttl, filters, view.push_sources()
        self.online, self.is_whole = {}, True
        # Rows that were pushed before their time.
        self.waiting = []

    @property
    def history(self):
        return self.view.history

    def rows(self):
        return self.history.batch_rows + [row for row in self.history.pushed_rows
                                          if row.push[0] in self.pushes]

    def features(self, row):
        """The features of a row; None when the row is not usable."""
        if row.time is None and not self.history.is_static or None in row.keys:
            return None
        result = {name: read_as(row.cells.get(name), self.history.columns[name], kind)
                  for name, kind in self.schema.items()}
        return None if any(map(values.is_bad, result.values())) else result

    def knows_at(self, row, moment):
        if not self.history.has_created and not row.push:
            return True
        known = row.rank()[1]
        return known != NEVER and known <= moment

    def joined(self, keys, moment, by_created):
        """The features that an entity row sees, or None."""
        if None in keys or moment is None:
            return None
        best = None
        for row in self.rows():
            if row.keys != keys or not self.is_valid(row, moment):
                continue
            if (by_created or self.filters) and not self.knows_at(row, moment):
                continue
            if self.features(row) is not None and (best is None or row.rank() > best.rank()):
                best = row
        return None if best is None else self.features(best)

    def is_valid(self, row, moment):
        """Whether a row holds at a moment, by its event time."""
        if self.history.is_static:
            return True
        return row.time is not None and row.time <= moment and not (self.ttl and row.time < moment - self.ttl)

    def is_between(self, row, start, end):
        """Whether the event time of a usable row lies in a window; a static row's always does."""
        return self.history.is_static or row.time <= end and (start is None or row.time >= start)

    def load(self, start, end, now):
        last = now if end is None else min(end, now)
        winners = {}
        for row in self.rows():
            features = self.features(row)
            if features is None or not self.is_between(row, start, last):
                continue
            if self.filters and not self.knows_at(row, now):
                continue
            if row.keys not in winners or row.rank() > winners[row.keys][0]:
                winners[row.keys] = (row.rank(), features)
        for keys, new in winners.items():
            # A pushed row that history does not have gives way to one that is as old.
            if keys not in self.online or new[0][:2] >= self.online[keys][0][:2]:
                self.online[keys] = new

    def is_due(self, row, now):
        return row.time <= now and (not self.filters or self.knows_at(row, now))

    def write_due(self, now):
        """Writes the rows whose time has come."""
        due = [row for row in self.waiting if self.is_due(row, now)]
        self.waiting = [row for row in self.waiting if not self.is_due(row, now)]
        for row in due:
            if row.keys not in self.online or row.rank() >= self.online[row.keys][0]:
                self.online[row.keys] = (row.rank(), self.features(row))

    def push(self, rows, now):
        """Whether each row is stale."""
        self.write_due(now)
        self.waiting += rows
        self.write_due(now)
        return [self.is_due(row, now) and self.online[row.keys][0] > row.rank() for row in rows]

    def read(self, keys, name, now):
        """(value, status, event time)"""
        self.write_due(now)
        found = self.online.get(keys) if None not in keys else None
        if found is None or found[0][0] > now or self.filters and found[0][1] > now:
            return None, "NOT_FOUND", 0
        if self.ttl and not self.history.is_static and found[0][0] < now - self.ttl:
            return None, "OUTSIDE_MAX_AGE", found[0][0]
        value = found[1].get(name)
        return value, "NULL_VALUE" if value is None else "PRESENT", found[0][0]


class View:
    def __init__(self, rng, number, history):
        self.name, self.history, self.number = f"v{number}", history, number
        self.ttl_text = rng.choice(list(TTLS))
        filters = history.has_created and rng.random() < 0.2
        is_online = bool(history.pushes) or rng.random() < 0.75
        self.source = rng.choice(([history.name] if history.batch else []) + history.pushes)
        names = rng.sample(list(history.columns), rng.randint(1, len(history.columns)))
        schema = {name: history.columns[name] for name in names}
        self.current = Generation(self, 1, schema, TTLS[self.ttl_text], filters, is_online)
        self.pinned = []

    def push_sources(self):
        return self.history.pushes if self.source == self.history.name else [self.source]

    def live(self):
        return self.pinned + [self.current]

    def online(self):
        """The generations that are loaded and served."""
        return [one for one in self.live() if one.is_online]

    def definition(self):
        view = {"name": self.name, "entities": [entity["name"] for entity in self.history.entities],
                "schema": [{"name": name, "dtype": kind} for name, kind in self.current.schema.items()],
                "source": self.source, "online": self.current.is_online}
        if self.ttl_text is not None:
            view["ttl"] = self.ttl_text
        if self.current.filters:
            view["filter_by_created_timestamp"] = True
        return view


class OnDemandFeature:
    """An expression over inputs: (name in the expression, view or None, field, type)."""

    def __init__(self, rng, name, inputs):
        self.name, self.dtype = name, None
        first = rng.choice(inputs)
        second = rng.choice([other for other in inputs if kinship(other[3]) == kinship(first[3])])
        a, b = (f'"{first[0]}"', f'"{second[0]}"')
        kind = first[3]
        numbers = ["int32", "int64", "float32", "float64"]
        same = [("{a}", [kind]), ("coalesce({a}, {b})", [kind] if second[3] == kind else None),
                ("iif({b} IS NULL, {a}, NULL)", [kind]), ("{a} IS NULL", ["bool"]),
                ("typeof({a})", ["string"])]
        if kinship(kind) == "number":
            choices = same + [(text, numbers) for text in (
                "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / {b}", "{a} % {b}", "-{a}", "abs({a})", "{a} * 2 + 1",
                "{a} / 0", "{a} / 2", "coalesce({a}, {b}, 0)", "iif({a} > {b}, {a}, {b})", "max({a}, {b})",
                "min({a}, {b}, 7)", "nullif({a}, {b})", "round({a} / 3.0, 2)", "{a} + 9223372036854775807")]
            choices += [("{a} > {b}", ["bool"]), ("{a} = {b} OR {a} IS NULL", ["bool", "int64"]),
                        ("{a} || ' x'", ["string"]), ("CAST({a} AS TEXT)", ["string"]), ("{a} & {b}", ["int64"]),
                        ("CAST({a} AS INTEGER)", ["int32", "int64", "float32"])]
        elif kind == "string":
            choices = same + [("{a} || {b}", ["string"]), ("length({a})", ["int32", "int64", "float64"]),
                              ("upper({a})", ["string"]), ("{a} < {b}", ["bool"]), ("{a} + 1", ["float64", "int64"]),
                              ("substr({a}, 2)", ["string"]), ("hex({a})", ["string"]), ("{a}", ["json", "uuid"]),
                              ("unicode({a})", ["int64"]), ("replace({a}, 'a', 'bb')", ["string"])]
        elif kind == "unix_timestamp":
            choices = same + [("year({a})", ["int32"]), ("{a} - {b}", ["int64", "float64"]), ("{a} + 1", [kind]),
                              ("{a} / 1000000", ["int64", "int32"]), ("day_of_week({a})", ["int64"]),
                              ("month({a}) * 100 + day({a})", ["int64"]), ("hour({a})", ["int64"])]
        elif kind == "bool":
            choices = same + [("NOT {a}", ["bool", "int32"]), ("{a} AND {b}", ["bool"]), ("{a} + {b}", ["bool", "float64"])]
        elif kind == "bytes":
            choices = same + [("hex({a})", ["string"]), ("length({a})", ["int64"])]
        elif kind.startswith("array("):
            choices = same + [("json_array_length({a})", ["int64"])]
        elif kind in ("map", "json"):
            choices = same + [("json_type({a})", ["string"])]
        else:
            choices = same + [("length({a})", ["int64"]), ("{a}", ["string"])]
        text, kinds = rng.choice([choice for choice in choices if choice[1]])
        self.text, self.dtype = text.format(a=a, b=b), rng.choice(kinds)
        self.inputs = list(dict.fromkeys(one for one, mark in ((first, "{a}"), (second, "{b}")) if mark in text))
        self.is_identity = text in ("{a}", "coalesce({a}, {b})", "iif({b} IS NULL, {a}, NULL)") and self.dtype == kind
        self.is_identity = self.is_identity and kinship(kind) != "number"

    def value(self, given):
        """The value from those of the inputs, in order."""
        bound = [sql_value(value, one[3]) for value, one in zip(given, self.inputs)]
        names = ", ".join(f'? AS "{one[0]}"' for one in self.inputs)
        try:
            result = SQLITE.execute(f"SELECT {self.text} FROM (SELECT {names})", bound).fetchone()[0]
        except (sqlite3.Error, OverflowError):
            return None
        if self.is_identity and result is not None:
            # Which of the inputs it is, with what its text was read to.
            for value, bytes_ in zip(given, bound):
                if same(bytes_, result):
                    return value
        return typed(result, self.dtype)


def same(left, right):
    return type(left) is type(right) and (left == right)


def kinship(kind):
    return "number" if kind in ("int32", "int64", "float32", "float64") else kind


def sql_value(value, kind):
    if value is None or value != value:
        return None
    if kind == "bool":
        return int(value)
    if kind == "map" or kind == "json" or kind.startswith("array("):
        return json_text(value, kind)
    return value


def json_text(value, kind):
    def plain(item, inner):
        if inner == "bytes":
            import base64
            return base64.b64encode(item).decode()
        if inner == "unix_timestamp":
            return values.spell_utc(item)
        if isinstance(item, float) and (item != item or abs(item) == float("inf")):
            return str(item)
        return item
    if kind.startswith("array("):
        value = [plain(item, kind[6:-1]) for item in value]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def typed(result, kind):
    """The result of an expression as the declared type; None for anything else."""
    if result is None:
        return None
    if kind in ("int32", "int64", "bool", "unix_timestamp"):
        if isinstance(result, float):
            if not abs(result) <= 2**53 or result != int(result):
                return None
            result = int(result)
        if not isinstance(result, int):
            return None
        low, high = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1), "bool": (0, 1),
                     "unix_timestamp": (-62135596800000000, 253402300799999999)}[kind]
        if not low <= result <= high:
            return None
        return bool(result) if kind == "bool" else result
    if kind == "float64":
        return float(result) if isinstance(result, (int, float)) else None
    if kind == "float32":
        if not isinstance(result, (int, float)):
            return None
        if abs(result) >= 2**128 - 2**103:
            return float("inf") if result > 0 else float("-inf")
        return values.single(result) if result else float(result)
    if kind == "string":
        return result if isinstance(result, str) else None
    if kind == "bytes":
        return result if isinstance(result, bytes) else None
    return UNKNOWN


UNKNOWN = object()


def calendar(part):
    def function(value):
        if value is None:
            return None
        if not isinstance(value, int):
            return None
        from datetime import timedelta
        try:
            moment = values.EPOCH + timedelta(microseconds=value)
        except OverflowError:
            return None
        return moment.isoweekday() if part == "day_of_week" else getattr(moment, part)
    return function


SQLITE = sqlite3.connect(":memory:")
for _part in ("year", "month", "day", "hour", "minute", "second", "day_of_week"):
    SQLITE.create_function(_part, 1, calendar(_part), deterministic=True)


class OnDemandView:
    def __init__(self, rng, number, views, requests):
        self.name = f"d{number}"
        self.views = rng.sample(views, rng.randint(1, min(2, len(views))))
        self.requests = requests if rng.random() < 0.6 else []
        inputs = []
        for view in self.views:
            inputs += [(f"{view.name}__{name}", view, name, kind) for name, kind in view.current.schema.items()]
        inputs += [(f"{source}__{name}", None, name, kind)
                   for source, fields in self.requests for name, kind in fields.items()]
        counts = {}
        for one in inputs:
            counts[one[2]] = counts.get(one[2], 0) + 1
        inputs = [(one[2], *one[1:]) if counts[one[2]] == 1 and rng.random() < 0.5 else one for one in inputs]
        self.features = [OnDemandFeature(rng, f"{self.name}_f{i}", inputs) for i in range(rng.randint(1, 4))]

    def uses(self, view, name):
        return any(one[1] is view and one[2] == name for feature in self.features for one in feature.inputs)

    def definition(self):
        return {"name": self.name, "sources": [view.name for view in self.views] + [name for name, _ in self.requests],
                "features": [{"name": f.name, "dtype": f.dtype, "expression": f.text} for f in self.features]}


class Wanted:
    """One column of an answer: a feature of a generation or an on-demand feature."""

    def __init__(self, label, name, kind, generation=None, computed=None, key_map=None):
        self.label, self.name, self.kind = label, name, kind
        self.generation, self.computed, self.key_map = generation, computed, key_map or {}

    def generations(self):
        if self.generation:
            return [self.generation]
        return [one[1].current for one in self.computed.inputs if one[1]]

    def request_fields(self):
        return {one[2]: one[3] for one in self.computed.inputs if not one[1]} if self.computed else {}

    def keys(self, generation=None):
        return [(self.key_map.get(key, key), kind) for key, kind in (generation or self.generation).history.keys]

    def needed_keys(self):
        return {name: kind for generation in self.generations() for name, kind in self.keys(generation)}

    def evaluate(self, row, feature_of):
        """The value for an entity row, `feature_of(generation, keys, name)` giving features."""
        if self.generation:
            return feature_of(self.generation, tuple(row[name] for name, _ in self.keys()), self.name)
        given = []
        for one in self.computed.inputs:
            if one[1]:
                generation = one[1].current
                keys = tuple(row[name] for name, _ in self.keys(generation))
                given.append(read_as(feature_of(generation, keys, one[2]), generation.schema[one[2]], generation.schema[one[2]]))
            else:
                given.append(row[one[2]])
        return self.computed.value(given)


class Project:
    def __init__(self, rng, directory):
        self.rng, self.directory = rng, Path(directory)
        (self.directory / "data").mkdir(parents=True)
        self.entities = []
        for number in range(rng.randint(1, 2)):
            keys = [(f"k{number}{letter}", rng.choice(values.KEY_TYPES)) for letter in "ab"[:rng.choice([1, 1, 2])]]
            self.entities.append({"name": f"entity{number}", "keys": keys})
        self.histories = []
        for number in range(rng.randint(1, 3)):
            chosen = rng.sample(self.entities, min(rng.choice([1, 1, 1, 1, 2, 2, 0]), len(self.entities)))
            self.histories.append(History(rng, number, chosen))
        self.views = [View(rng, number, rng.choice(self.histories)) for number in range(rng.randint(1, 4))]
        fields = {f"r{i}": rng.choice(REQUEST_TYPES) for i in range(3)}
        self.requests = [("req", fields)]
        self.on_demand = [OnDemandView(rng, number, self.views, self.requests) for number in range(rng.randint(0, 3))]
        self.services, self.pins, self.has_cache = {}, 0, rng.random() < 0.3
        for number in range(rng.randint(0, 3)):
            self.services[f"service{number}"] = self.draw_projections()
        for history in self.histories:
            history.write(self.directory)
        self.write_definitions()

    def draw_projections(self):
        rng, result = self.rng, []
        for number in range(rng.randint(1, 3)):
            if self.on_demand and rng.random() < 0.35:
                view = rng.choice(self.on_demand)
                if all(view is not other for other, _, _, _ in result):
                    result.append((view, None, None, {}))
                continue
            view = rng.choice(self.views)
            key_map = {}
            for key, _ in view.history.keys:
                if rng.random() < 0.4:
                    key_map[key] = f"{key}_other"
            taken = [alias or other.name for other, _, alias, _ in result]
            alias = f"alias{number}" if view.name in taken or rng.random() < 0.4 else None
            names = rng.sample(list(view.current.schema), rng.randint(1, len(view.current.schema)))
            result.append((view, names, alias, key_map))
        return result

    def generation_of(self, service, view):
        """The generation that a service reads: pinned services begin with pin and name it."""
        if service.startswith("pin"):
            version = int(service.rsplit("_", 1)[1])
            return next(one for one in view.live() if one.version == version)
        return view.current

    def service_columns(self, service):
        result = []
        for view, names, alias, key_map in self.services[service]:
            if isinstance(view, OnDemandView):
                result += [Wanted(view.name, f.name, f.dtype, computed=f) for f in view.features]
                continue
            generation = self.generation_of(service, view)
            label = alias or (f"{view.name}@v{generation.version}" if service.startswith("pin") else view.name)
            result += [Wanted(label, name, generation.schema[name], generation, key_map=key_map) for name in names]
        return result

    def write_definitions(self):
        (self.directory / "feature_store.yaml").write_text(json.dumps({
            "project": "random_features", "registry": "data/registry.db",
            "offline_store": {"type": "file", "cache": self.has_cache},
            "online_store": {"type": "rocksdb", "path": "data/online"}}))
        services = []
        for name, projections in self.services.items():
            items = []
            for view, names, alias, key_map in projections:
                if names is None:
                    items.append(view.name)
                    continue
                reference = view.name
                if name.startswith("pin"):
                    reference += "@v" + name.rsplit("_", 1)[1]
                item = {"feature_view": reference, "features": names}
                item |= {"alias": alias} if alias else {}
                item |= {"join_key_map": key_map} if key_map else {}
                items.append(item)
            if items:
                services.append({"name": name, "features": items})
        text = json.dumps({
            "entities": [{"name": entity["name"], "join_keys": [key for key, _ in entity["keys"]],
                          "value_type": dict(entity["keys"])} for entity in self.entities],
            "data_sources": [source for history in self.histories for source in history.sources()]
            + [{"name": name, "type": "request", "schema": [{"name": field, "dtype": kind} for field, kind in fields.items()]}
               for name, fields in self.requests],
            "feature_views": [view.definition() for view in self.views],
            "on_demand_feature_views": [view.definition() for view in self.on_demand],
            "feature_services": services,
        }, indent=1, ensure_ascii=False)
        (self.directory / "features.yaml").write_text(text)

    def edit(self):
        """Adds, drops or retypes a feature of a view, and may pin what it was."""
        rng = self.rng
        view = rng.choice(self.views)
        old = view.current
        how = rng.choice(["add", "drop", "retype", "retype", "unpin", "ttl", "filter", "source", "online"])
        if how == "unpin":
            for name in [name for name in self.services if name.startswith("pin")]:
                del self.services[name]
            for other in self.views:
                other.pinned = []
            return how
        if how == "ttl":
            view.ttl_text = rng.choice(list(TTLS))
            old.ttl = TTLS[view.ttl_text]
            return f"ttl {view.name} {view.ttl_text}"
        if how == "online":
            if view.history.pushes:
                return None
            old.is_online = not old.is_online
            old.online = {}
            return f"online {view.name} {old.is_online}"
        if how == "source":
            view.source = rng.choice(([view.history.name] if view.history.batch else []) + view.history.pushes)
            if set(old.pushes) <= set(view.push_sources()):
                old.pushes = view.push_sources()
                return f"source {view.name} {view.source}"
            return self.succeed(view, old.schema, old.filters, how)
        if how == "filter":
            return self.succeed(view, old.schema, not old.filters, how) if view.history.has_created else None
        used = {name for other in self.on_demand for name in old.schema if other.uses(view, name)}
        for name, projections in self.services.items():
            if not name.startswith("pin"):
                used |= {one for other, names, _, _ in projections if other is view for one in names}
        if how == "add":
            # A name that two sources of an on-demand view have would not be clear in short.
            inputs = {one[2] for other in self.on_demand for f in other.features for one in f.inputs}
            fresh = [name for name in view.history.columns if name not in old.schema and name not in inputs]
            if not fresh:
                return None
            name = rng.choice(fresh)
            old.schema[name] = view.history.columns[name]
            return f"add {view.name}:{name}"
        schema = dict(old.schema)
        if how == "drop":
            loose = [name for name in schema if name not in used]
            if not loose or len(schema) == 1:
                return None
            del schema[rng.choice(loose)]
        else:
            loose = [name for name, kind in schema.items() if kind in WHOLE and view.history.columns[name] in WHOLE[:2]
                     and not any(other.uses(view, name) for other in self.on_demand)]
            if not loose:
                return None
            name = rng.choice(loose)
            # A plan refuses an int32 that the first rows of a source do not fit.
            kinds = WHOLE if not view.history.batch else WHOLE[1:]
            schema[name] = rng.choice([kind for kind in kinds if kind != schema[name]])
        return self.succeed(view, schema, old.filters, how)

    def succeed(self, view, schema, filters, how):
        """Starts a generation; a service may stay with the old one, under an alias or other keys."""
        rng, old = self.rng, view.current
        if rng.random() < 0.7:
            self.pins += 1
            alias = f"pinned{self.pins}" if rng.random() < 0.4 else None
            key_map = {key: f"{key}_other" for key, _ in view.history.keys if rng.random() < 0.4}
            self.services[f"pin{self.pins}_{old.version}"] = [(view, list(old.schema), alias, key_map)]
            view.pinned.append(old)
        view.versions = getattr(view, "versions", 1) + 1
        view.current = Generation(view, view.versions, schema, old.ttl, filters, old.is_online)
        return f"{how} {view.name} -> {view.versions}"

    def selection(self, kinds=None):
        """Columns, of some types alone, the arguments of a command, the members of a body."""
        rng = self.rng
        if self.services and not kinds and rng.random() < 0.4:
            name = rng.choice(list(self.services))
            columns = self.service_columns(name)
            if columns:
                return columns, ["--feature-service", name], {"feature_service": name}
        every = []
        for view in self.views:
            for generation in view.live():
                is_named = generation is not view.current
                label = f"{view.name}@v{generation.version}" if is_named else view.name
                every += [Wanted(label, name, kind, generation) for name, kind in generation.schema.items()]
        for view in self.on_demand:
            every += [Wanted(view.name, f.name, f.dtype, computed=f) for f in view.features]
        every = [one for one in every if not kinds or one.kind in kinds] or every
        columns = rng.sample(every, rng.randint(1, min(len(every), 8)))
        texts = [f"{one.label}:{one.name}" for one in columns]
        return columns, ["-f", ",".join(texts)], {"features": texts}
