"""A random project that Feast and fstore can both be given: its files for each, and what is in them.

Feast reads Parquet, fstore CSV files and SQLite tables of the same rows. What is drawn keeps to what
Feast defines; each precaution says which of its rules it goes round:

- Of one key no two rows share event time and created time: which one wins is not defined there.
- A ttl is whole days, or less than a day: `timedelta(hours=100)` is refused by its interval code.
- Times are microseconds in UTC: Parquet of nanoseconds cannot be loaded.
- No column ends with `_y` or is named like one of another view: its join drops or renames those.
- A key has one type wherever it is used: it compares no string with a number.
- A service takes a view under its name or under aliases, not both: such a service cannot be applied.
- A join_key_map names every key of its view: Feast does not join by the others.
- A view that is to be loaded has no null key, event time or created time, no empty bytes as key and no
  2**63 - 1: its load fails on them (feast_defects.py has the cases).
"""

import json
import random
import sqlite3
from pathlib import Path

import values
from repository import DAY, HOUR, KEY_POOL, MINUTE

START = 1_700_000_000_000_000
TTLS = [0, 0, 1_000_000, 90_000_000, HOUR, 6 * HOUR, 23 * HOUR, DAY, 14 * DAY]
KEY_TYPES = ["int64", "int64", "int32", "string", "string", "bytes", "unix_timestamp"]
TYPES = values.SCALARS + [f"array({name})" for name in values.SCALARS]


class Row:
    def __init__(self, keys, time, created, features):
        self.keys, self.time, self.created, self.features = keys, time, created, features


class Use:
    """A view as a selection takes it: under its name, or under an alias and from other columns."""

    def __init__(self, view, fields, alias=None, join_key_map=None):
        self.view, self.fields, self.alias = view, fields, alias
        self.join_key_map = join_key_map or {}

    @property
    def prefix(self):
        return self.alias or self.view.name

    @property
    def keys(self):
        """The columns of the entity rows that hold the keys, with their types."""
        return [(self.join_key_map.get(name, name), kind) for name, kind in self.view.keys]

    def definition(self):
        fields = [name for name, _ in self.fields]
        if self.alias is None:
            return {self.view.name: fields}
        return {"feature_view": self.view.name, "features": fields, "alias": self.alias} | (
            {"join_key_map": self.join_key_map} if self.join_key_map else {})

    def for_feast(self, views):
        view = views[self.view][[name for name, _ in self.fields]]
        if self.alias is None:
            return view
        # A map in Feast stands for all keys: those that it does not name would not be joined by.
        every = {name: column for (name, _), (column, _) in zip(self.view.keys, self.keys)}
        return view.with_name(self.alias).with_join_key_map(every)


class View:
    """A feature view with a source of its own."""

    def __init__(self, rng, number, entities):
        self.rng, self.name = rng, f"view{number}"
        self.keys = rng.sample(entities, rng.choice([1, 1, 1, 1, 2, 2, 0]))
        self.has_created = rng.random() < 0.6
        self.is_loadable = rng.random() < 0.5
        # Online, a ttl counts back from now: no row of these is older than the greater one.
        self.ttl = rng.choice([0, 0, 0, 10_000 * DAY, *TTLS]) if self.is_loadable else rng.choice(TTLS)
        self.kind = rng.choice(["csv", "csv", "sqlite"])
        shared = rng.random() < 0.15
        count = rng.randint(1, 5)
        self.schema = [((f"f{i}" if shared else f"v{number}_f{i}"), rng.choice(TYPES))
                       for i in range(count)]
        self.columns = {}
        for name in [key for key, _ in self.keys] + [name for name, _ in self.schema]:
            self.columns[name] = name if rng.random() < 0.7 else f"raw {name}"
        self.time_column = rng.choice(["event_timestamp", "happened", "ts"])
        self.created_column = rng.choice(["created", "written at"])
        pool = [START + rng.randint(-400, 400) * HOUR for _ in range(3)]
        pool += [pool[0] + self.ttl % (100 * DAY), pool[1] - HOUR, pool[2] + DAY]
        self.grid = sorted({moment + nudge for moment in pool for nudge in (-1, 0, 1)})
        self.rows = self.draw_rows(rng.choice([0, 1, 5, 30, 30, 100]))

    def draw_rows(self, count):
        rng, rows, known = self.rng, [], set()
        gap = 0 if self.is_loadable else 0.06
        for _ in range(count):
            keys = [None if rng.random() < gap else self.draw_key(kind) for _, kind in self.keys]
            moment = None if rng.random() < gap else rng.choice(self.grid)
            created = None
            if self.has_created and (self.is_loadable or rng.random() < 0.85):
                created = rng.choice(self.grid)
            tie = (*keys, moment, created)
            if None not in keys and moment is not None and tie in known:
                continue
            known.add(tie)
            features = [None if rng.random() < 0.15 else self.draw(kind) for _, kind in self.schema]
            rows.append(Row(keys, moment, created, features))
        return rows

    def draw_key(self, kind):
        pool = [key for key in KEY_POOL[kind] if key != b""] if self.is_loadable else KEY_POOL[kind]
        return self.rng.choice(pool)

    def draw(self, kind):
        value = values.draw(self.rng, kind)
        return min(value, 2**62) if self.is_loadable and kind == "int64" else value

    def header(self):
        names = [(self.columns[key], kind) for key, kind in self.keys]
        names.append((self.time_column, "unix_timestamp"))
        if self.has_created:
            names.append((self.created_column, "unix_timestamp"))
        return names + [(self.columns[name], kind) for name, kind in self.schema]

    def cells(self, row):
        return [*row.keys, row.time, *([row.created] if self.has_created else []), *row.features]

    @property
    def mapping(self):
        return {column: name for name, column in self.columns.items() if column != name}

    # fstore's side

    def definition(self):
        source = {"name": f"{self.name}_source", "type": self.kind, "timestamp_field": self.time_column,
                  "path": f"data/{self.name}.{'csv' if self.kind == 'csv' else 'db'}"}
        if self.kind == "sqlite":
            source["table"] = "rows"
        if self.has_created:
            source["created_timestamp_column"] = self.created_column
        if self.mapping:
            source["field_mapping"] = self.mapping
        view = {"name": self.name, "entities": [name for name, _ in self.keys], "source": source["name"],
                "schema": [{"name": name, "dtype": kind} for name, kind in self.schema]}
        if self.ttl:
            view["ttl"] = ttl_text(self.ttl)
        return source, view

    def write_for_fstore(self, directory):
        names = [name for name, _ in self.header()]
        kinds = [kind for _, kind in self.header()]
        if self.kind == "csv":
            lines = [",".join(map(csv_field, names + ["rest"]))]
            for row in self.rows:
                texts = ["" if cell is None else csv_field(values.spell(self.rng, cell, kind))
                         for cell, kind in zip(self.cells(row), kinds)]
                lines.append(",".join(texts + ["x"]))
            text = "\n".join(lines) + "\n"
            (directory / f"data/{self.name}.csv").write_bytes(text.encode())
            return
        database = sqlite3.connect(directory / f"data/{self.name}.db")
        database.execute("CREATE TABLE rows (" + ", ".join(f'"{name}"' for name in names) + ")")
        marks = ", ".join("?" * len(names))
        database.executemany(f"INSERT INTO rows VALUES ({marks})", [
            [values.sqlite_cell(self.rng, cell, kind, "UTC") for cell, kind in zip(self.cells(row), kinds)]
            for row in self.rows])
        database.commit()
        database.close()

    # Feast's side

    def write_for_feast(self, directory):
        import pyarrow
        import pyarrow.parquet

        columns = {}
        cells = [self.cells(row) for row in self.rows]
        for index, (name, kind) in enumerate(self.header()):
            columns[name] = pyarrow.array([row[index] for row in cells], arrow_type(kind))
        pyarrow.parquet.write_table(pyarrow.table(columns), directory / f"{self.name}.parquet")

    def for_feast(self, entities, directory):
        from datetime import timedelta

        from feast import FeatureView, Field, FileSource

        source = FileSource(
            name=f"{self.name}_source", path=str(directory / f"{self.name}.parquet"),
            timestamp_field=self.time_column, field_mapping=self.mapping,
            created_timestamp_column=self.created_column if self.has_created else "")
        schema = [Field(name=name, dtype=feast_type(kind)) for name, kind in self.schema]
        return FeatureView(
            name=self.name, entities=[entities[name] for name, _ in self.keys], source=source,
            schema=schema, ttl=timedelta(microseconds=self.ttl))


def ttl_text(micros):
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1_000_000)):
        if micros % size == 0:
            return f"{micros // size}{unit}"
    return None


def csv_field(text):
    must = text == "" or any(letter in text for letter in ',"\r\n') or text[0] == "\ufeff"
    return '"' + text.replace('"', '""') + '"' if must else text


def arrow_type(kind):
    import pyarrow

    if kind.startswith("array("):
        return pyarrow.list_(arrow_type(kind[6:-1]))
    return {"int32": pyarrow.int32(), "int64": pyarrow.int64(), "float32": pyarrow.float32(),
            "float64": pyarrow.float64(), "string": pyarrow.string(), "bytes": pyarrow.binary(),
            "bool": pyarrow.bool_(), "unix_timestamp": pyarrow.timestamp("us", "UTC")}[kind]


def feast_type(kind):
    from feast import types

    if kind.startswith("array("):
        return types.Array(feast_type(kind[6:-1]))
    return {"int32": types.Int32, "int64": types.Int64, "float32": types.Float32, "float64": types.Float64,
            "string": types.String, "bytes": types.Bytes, "bool": types.Bool,
            "unix_timestamp": types.UnixTimestamp}[kind]


class Project:
    """Entities, views and services in a folder, for both."""

    def __init__(self, seed, directory):
        self.rng = rng = random.Random(seed)
        self.directory = Path(directory)
        (self.directory / "data").mkdir(parents=True)
        self.entities = [(f"k{number}", rng.choice(KEY_TYPES)) for number in range(rng.randint(2, 3))]
        self.views = [View(rng, number, self.entities) for number in range(rng.randint(3, 6))]
        for view in self.views:
            view.write_for_fstore(self.directory)
            view.write_for_feast(self.directory)
        self.services = {}
        for number in range(3):
            views = rng.sample(self.views, rng.randint(1, len(self.views)))
            several = rng.choice(views)
            uses = [self.draw_use(view) for view in views if view is not several]
            for copy in range(rng.choice([0, 1, 2, 2])):
                uses.append(self.draw_use(several, alias=f"alias{copy}"))
            rng.shuffle(uses)
            self.services[f"service{number}"] = uses or [self.draw_use(several)]
        self.write_for_fstore()

    def draw_use(self, view, alias=None):
        rng = self.rng
        fields = rng.sample(view.schema, rng.randint(1, len(view.schema)))
        mapped = {name: f"other_{name}" for name, _ in view.keys if alias and rng.random() < 0.7}
        return Use(view, fields, alias, mapped)

    def write_for_fstore(self):
        pairs = [view.definition() for view in self.views]
        configuration = {"project": "both", "registry": "data/registry.db",
                         "online_store": {"type": "rocksdb", "path": "data/online"}}
        definitions = {
            "entities": [{"name": name, "join_keys": [name], "value_type": kind}
                         for name, kind in self.entities],
            "data_sources": [source for source, _ in pairs],
            "feature_views": [view for _, view in pairs],
            "feature_services": [
                {"name": name, "features": [use.definition() for use in uses]}
                for name, uses in self.services.items()],
        }
        (self.directory / "feature_store.yaml").write_text(json.dumps(configuration))
        (self.directory / "features.yaml").write_text(json.dumps(definitions, indent=1))

    def feast_store(self):
        """Feast's store on the same definitions, applied."""
        from feast import Entity, FeatureService, FeatureStore, ValueType
        from feast.repo_config import RepoConfig

        store = FeatureStore(config=RepoConfig(
            project="both", provider="local", registry=str(self.directory / "feast-registry.db"),
            online_store={"type": "sqlite", "path": str(self.directory / "feast-online.db")},
            offline_store={"type": "duckdb"}, entity_key_serialization_version=3))
        entities = {name: Entity(name=name, join_keys=[name], value_type=ValueType[kind.upper()])
                    for name, kind in self.entities}
        views = {view: view.for_feast(entities, self.directory) for view in self.views}
        services = [FeatureService(name=name, features=[use.for_feast(views) for use in uses])
                    for name, uses in self.services.items()]
        store.apply([*entities.values(), *views.values(), *services])
        return store
