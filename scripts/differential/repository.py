"""A random feature repository: its files, and what is in them as values."""

import gzip
import json
import random
import sqlite3
import time
from pathlib import Path

import values

NOW = int(time.time()) * 1_000_000
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
# No age is within minutes of a ttl, so that reads a moment later see the same.
AGES = [20 * MINUTE, 2 * HOUR, 7 * HOUR, 30 * HOUR, 4 * DAY, 40 * DAY, 200 * DAY, 3000 * DAY]
TTLS = {"90s": 90_000_000, "15m": 15 * MINUTE, "6h": 6 * HOUR, "1d": DAY, "2w": 14 * DAY, "0": 0, None: 0}
ZONES = [None, None, "UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]
BAD_TEXT = {"bytes": "%%", "bool": "maybe", "uuid": "1234", "decimal": "1e5x", "string": None, "map": "[1]", "json": "{oops"}
KEY_POOL = {
    "int64": [1, 2, 2**53 + 1, 2**53, -7],
    "int32": [0, 1, 2**31 - 1, -3],
    "string": ["", "a", "A", "\u00e9", "e\u0301", " a", "NA", "1", "01", "a,b", 'q"q', "x\ny"],
    "bytes": [b"", b"\x00\xff", b"a"],
    "unix_timestamp": [0, 1_768_046_400_000_000, 1_768_046_400_000_001, -1_000_000],
}


class Row:
    """A row of a source: key, times and features; each may be None or Unreadable."""

    def __init__(self, view, keys, time, created, features):
        self.view, self.keys, self.time, self.created = view, keys, time, created
        self.features, self.is_broken = features, False

    @property
    def is_bad(self):
        return self.is_broken or any(
            map(values.is_bad, [*self.keys, self.time, self.created, *self.features[:self.view.visible]]))


class View:
    """A feature view with a source of its own, and the source's rows in source order."""

    def __init__(self, rng, number, entities):
        self.rng, self.name = rng, f"view{number}"
        self.entities = entities
        self.join_keys = [key for entity in entities for key in entity["keys"]]
        self.ttl_text = rng.choice(list(TTLS))
        self.ttl = TTLS[self.ttl_text]
        self.is_static = rng.random() < 0.15
        self.has_created = rng.random() < 0.5
        self.filters_by_created = self.has_created and rng.random() < 0.25
        self.online = rng.random() < 0.95
        shared = rng.random() < 0.1
        self.whole_schema = [
            ((f"f{i}" if shared else f"v{number}_f{i}"), rng.choice(values.TYPES))
            for i in range(rng.randint(1, 6))
        ]
        # The last features may be defined later than the first ones.
        self.visible = len(self.whole_schema) - (rng.random() < 0.4 and len(self.whole_schema) > 1)
        self.zone = rng.choice(ZONES)
        self.kind = rng.choice(["csv", "csv", "sqlite", "sqlite_query"])
        self.columns = {}
        for name in [key for key, _ in self.join_keys] + [name for name, _ in self.whole_schema]:
            plain = rng.random() < 0.7
            self.columns[name] = name if plain else f"{rng.choice(['ключ', 'a b', 'x,y', 'q', 'é'])} {name}"
        # What stands for null, and which texts may therefore not be values.
        self.null_values = rng.choice([[""], [""], ["", "NA"], ["NA", "-"], ["", "null", "\\N"]])
        self.delimiter = rng.choice([",", ",", ",", ";", "\t", "|"])
        grid = [NOW - age for age in rng.sample(AGES, 4)] + [NOW + DAY]
        self.grid = grid + [moment + rng.choice([-1, 1]) for moment in grid]
        self.rows = []
        size = rng.choice([0, 1, 5, 30, 30, 120])
        if rng.random() < 0.01:
            size = 40_000
        self.rows = [self.draw_row() for _ in range(size)]

    @property
    def schema(self):
        return self.whole_schema[:self.visible]

    def draw_value(self, kind):
        rng = self.rng
        chance = rng.random()
        if chance < 0.12:
            # Without "" among the null values an empty cell is an empty string.
            return None
        if chance < 0.13 and BAD_TEXT.get(kind, "oops") is not None and len(self.rows) > 20:
            return values.Unreadable(BAD_TEXT.get(kind, "oops"))
        while True:
            value = values.draw(rng, kind)
            if self.kind == "csv" and kind == "string" and value in self.null_values and value != "":
                continue
            return value

    def draw_row(self):
        rng = self.rng
        keys = [self.draw_key(kind) for _, kind in self.join_keys]
        moment = created = None
        if not self.is_static:
            moment = rng.choice(self.grid) if rng.random() < 0.97 else None
        if self.has_created and rng.random() < 0.9:
            created = rng.choice(self.grid)
        features = [self.draw_value(kind) for _, kind in self.whole_schema]
        # One flaw a row is enough, so that each is counted once.
        flaws = [index for index, value in enumerate(features) if values.is_bad(value)]
        for index in flaws[1:]:
            features[index] = None
        if values.is_bad(features[-1]):
            features[-1] = None
        row = Row(self, keys, moment, created, features)
        if not flaws and len(self.rows) > 20 and rng.random() < 0.02:
            if not self.is_static and rng.random() < 0.5 and moment is not None and None not in keys:
                row.time = values.Unreadable("yesterday")
            elif self.kind == "csv":
                row.is_broken = True
        return row

    def draw_key(self, kind):
        rng = self.rng
        if rng.random() < 0.03 and len(self.rows) > 5:
            return None
        pool = KEY_POOL[kind]
        if self.kind == "csv":
            pool = [key for key in pool if key not in self.null_values or key == ""]
        return rng.choice(pool)

    # Writing

    def definition(self):
        source = {"name": f"{self.name}_source", "type": self.kind.split("_")[0]}
        if self.kind == "csv":
            source["path"] = self.path
            source["delimiter"] = self.delimiter
            if self.null_values != [""]:
                source["null_values"] = self.null_values
        elif self.kind == "sqlite":
            source |= {"path": self.path, "table": "the rows"}
        else:
            source |= {"path": self.path, "query": 'SELECT * FROM "the rows" ORDER BY number'}
        if not self.is_static:
            source["timestamp_field"] = "happened at"
        if self.has_created:
            source["created_timestamp_column"] = "created"
        mapping = {column: name for name, column in self.columns.items() if column != name}
        if mapping:
            source["field_mapping"] = mapping
        if self.zone:
            source["timezone"] = self.zone
        view = {
            "name": self.name,
            "entities": [entity["name"] for entity in self.entities],
            "schema": [{"name": name, "dtype": kind} for name, kind in self.schema],
            "source": source["name"],
            "online": self.online,
        }
        if self.ttl_text is not None:
            view["ttl"] = self.ttl_text
        if self.filters_by_created:
            view["filter_by_created_timestamp"] = True
        return source, view

    def header(self):
        names = [self.columns[key] for key, _ in self.join_keys]
        if not self.is_static:
            names.append("happened at")
        if self.has_created:
            names.append("created")
        return names + [self.columns[name] for name, _ in self.whole_schema] + ["unused"]

    def kinds(self):
        kinds = [kind for _, kind in self.join_keys]
        kinds += [] if self.is_static else ["unix_timestamp"]
        kinds += ["unix_timestamp"] if self.has_created else []
        return kinds + [kind for _, kind in self.whole_schema] + ["string"]

    def cells(self, row):
        cells = list(row.keys)
        cells += [] if self.is_static else [row.time]
        cells += [row.created] if self.has_created else []
        return cells + row.features + [self.rng.choice(values.TEXTS)]

    def write(self, directory):
        """Writes all rows; for a glob each file gets a part, in the order of the names."""
        self.directory = directory
        if self.kind == "csv":
            self.shape = self.rng.choice(["plain", "gz", "glob", "glob"])
            if self.shape == "glob":
                self.path = f"data/{self.name}-*.csv*"
            else:
                self.path = f"data/{self.name}.csv" + (".gz" if self.shape == "gz" else "")
        else:
            self.path = f"data/{self.name}.db"
        self.part = 0
        self.written = 0
        self.write_new_rows()

    def write_new_rows(self):
        """Writes what was added to `rows` since the last call."""
        rows, self.written = self.rows[self.written:], len(self.rows)
        rng = self.rng
        if self.kind != "csv":
            return self.write_table(rows)
        if self.shape != "glob":
            text = self.csv_text(self.rows)
            return self.write_file(self.directory / self.path, text)
        cut = rng.randint(0, len(rows))
        for part in (rows[:cut], rows[cut:]):
            ending = rng.choice([".csv", ".csv.gz"])
            path = self.directory / f"data/{self.name}-{self.part:03d}{ending}"
            self.part += 1
            self.write_file(path, self.csv_text(part))

    def write_file(self, path, text):
        data = text.encode()
        if path.suffix == ".gz":
            data = gzip.compress(data)
        path.write_bytes(data)

    def csv_text(self, rows):
        rng = random.Random(f"{self.name}{self.part}")
        end = rng.choice(["\n", "\r\n"])
        zone = self.zone or "UTC"
        order = list(range(len(self.header())))
        rng.shuffle(order)
        lines = [self.delimiter.join(self.csv_field(rng, self.header()[i]) for i in order)]
        for row in rows:
            fields = []
            for value, kind in zip(self.cells(row), self.kinds()):
                if value is None:
                    fields.append(rng.choice(self.null_values))
                else:
                    fields.append(self.csv_field(rng, values.spell(rng, value, kind, zone)))
            fields = [fields[i] for i in order]
            if row.is_broken:
                fields.append("surplus")
            lines.append(self.delimiter.join(fields))
        text = end.join(lines) + (end if rng.random() < 0.7 else "")
        return ("\ufeff" if rng.random() < 0.3 else "") + text

    def csv_field(self, rng, text):
        must = any(letter in text for letter in [self.delimiter, '"', "\r", "\n"]) or text == ""
        if must or text.startswith("\ufeff") or (rng.random() < 0.2 and text not in self.null_values):
            return '"' + text.replace('"', '""') + '"'
        return text

    def write_table(self, rows):
        rng = self.rng
        database = sqlite3.connect(self.directory / self.path)
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in self.header())
        database.execute(f'CREATE TABLE IF NOT EXISTS "the rows" ({names}, number INTEGER PRIMARY KEY)')
        start = database.execute('SELECT coalesce(max(number), 0) FROM "the rows"').fetchone()[0]
        records = []
        for number, row in enumerate(rows, start + 1):
            cells = [values.sqlite_cell(rng, value, kind, self.zone or "UTC")
                     for value, kind in zip(self.cells(row), self.kinds())]
            records.append((*cells, number))
        # Written in any order: source order is that of the rowid.
        rng.shuffle(records)
        marks = ", ".join("?" * (len(self.header()) + 1))
        database.executemany(f'INSERT INTO "the rows" VALUES ({marks})', records)
        database.commit()
        database.close()

    def grow(self):
        """Adds rows that arrive late: old and new event times alike."""
        self.rows += [self.draw_row() for _ in range(self.rng.randint(0, 15))]
        self.write_new_rows()


class Repository:
    """Entities, views and services in a folder."""

    def __init__(self, rng, directory):
        self.rng, self.directory = rng, Path(directory)
        (self.directory / "data").mkdir(parents=True)
        self.entities = []
        for number in range(rng.randint(1, 3)):
            count = 1 if rng.random() < 0.75 else 2
            keys = [(f"k{number}{letter}", rng.choice(values.KEY_TYPES)) for letter in "ab"[:count]]
            self.entities.append({"name": f"entity{number}", "keys": keys})
        self.views = []
        for number in range(rng.randint(1, 3)):
            count = rng.choice([1, 1, 1, 2, 0])
            chosen = rng.sample(self.entities, min(count, len(self.entities)))
            self.views.append(View(rng, number, chosen))
        for view in self.views:
            view.write(self.directory)
        self.services = {}
        for number in range(rng.randint(0, 2)):
            projections = []
            for view in rng.sample(self.views, rng.randint(1, len(self.views))):
                names = [name for name, _ in view.schema]
                some = rng.sample(names, rng.randint(1, len(names)))
                projections.append((view, names if rng.random() < 0.5 else some))
            self.services[f"service{number}"] = projections
        self.write_definitions()

    def write_definitions(self):
        configuration = {
            "project": "random_project",
            "registry": "data/registry.db",
            "offline_store": {"type": "sqlite", "path": "data/offline.db"},
            "online_store": {"type": "rocksdb", "path": "data/online"},
        }
        pairs = [view.definition() for view in self.views]
        services = []
        for name, projections in self.services.items():
            features = []
            for view, chosen in projections:
                whole = chosen == [feature for feature, _ in view.schema]
                features.append(view.name if whole else {view.name: chosen})
            services.append({"name": name, "features": features})
        definitions = {
            "entities": [
                {
                    "name": entity["name"],
                    "join_keys": [key for key, _ in entity["keys"]],
                    "value_type": dict(entity["keys"]),
                }
                for entity in self.entities
            ],
            "data_sources": [source for source, _ in pairs],
            "feature_views": [view for _, view in pairs],
            "feature_services": services,
        }
        # JSON is YAML.
        (self.directory / "feature_store.yaml").write_text(json.dumps(configuration))
        text = json.dumps(definitions, indent=1, ensure_ascii=False)
        (self.directory / "features.yaml").write_text(text)

    def selection(self):
        """Random features, as (view, feature, type) in the order of asking, and the arguments."""
        rng = self.rng
        if self.services and rng.random() < 0.3:
            name = rng.choice(list(self.services))
            features = [
                (view, feature, dict(view.schema)[feature])
                for view, chosen in self.services[name] for feature in chosen
            ]
            return features, ["--feature-service", name]
        every = [(view, name, kind) for view in self.views for name, kind in view.schema]
        features = rng.sample(every, rng.randint(1, len(every)))
        texts = [f"{view.name}:{name}" for view, name, _ in features]
        if rng.random() < 0.5:
            return features, ["-f", ",".join(texts)]
        return features, [part for text in texts for part in ("-f", text)]
