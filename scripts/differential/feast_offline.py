#!/usr/bin/env python3
"""fstore against Feast on random data: training sets and online reads, cell by cell.

    feast_offline.py --fstore .build/release/fstore --seeds 1:50

For each seed a random project (feast_project.py) is given to both: to Feast as Parquet with its
offline store `duckdb`, the one of its stores that keeps every entity row and 64-bit integers, to
fstore as CSV and SQLite. Both compute training sets, with and without the filter by created time,
by features and by services; then both load a random window and serve it. Every cell must be the
same value of the same type, to the bit. Where Feast is known to be wrong, the table in
feast_defects.py says how, with a case that shows it and runs each time; nothing else is excused.
Needs `feast[duckdb]==0.67.0`.
"""

import argparse
import io
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path

import values
import feast_defects
from feast_defects import distorted
from feast_project import KEY_POOL, Project, Use
from random_repositories import Difference, read_csv

# Of the protocol's FieldStatus.
PRESENT, NOT_FOUND = 1, 3
# Feast's key of an online row has whole seconds, and its key types are few.
ONLINE_KEYS = {"int32", "int64", "string", "bytes"}
UNKNOWN = {"int64": 77, "int32": 77, "string": "unknown", "bytes": b"unknown", "unix_timestamp": 86_400_000_000}


class Seed:
    def __init__(self, fstore, seed, directory, counts):
        self.fstore, self.counts = fstore, counts
        self.project = Project(seed, directory)
        self.rng = random.Random(f"questions {seed}")
        self.directory = Path(directory)
        self.now = time.time_ns() // 1000

    def everything(self):
        self.run("apply")
        self.feast = self.project.feast_store()
        for _ in range(6):
            self.training_set()
        self.online()

    def run(self, *arguments, stdin=None):
        command = [self.fstore, *arguments, "-c", str(self.directory)]
        done = subprocess.run(command, capture_output=True, input=stdin)
        if done.returncode != 0:
            raise Difference(f"{command}: {done.stderr.decode()[-2000:]}")
        return done.stdout

    # Training sets

    def selection(self):
        """The features as (use, name, type), both sides' arguments, and whether names are long."""
        rng = self.rng
        if rng.random() < 0.4:
            name = rng.choice(list(self.project.services))
            chosen = [(use, *field) for use in self.project.services[name] for field in use.fields]
            feast, arguments = self.feast.get_feature_service(name), ["--feature-service", name]
        else:
            uses = [Use(view, view.schema) for view in self.project.views]
            every = [(use, *field) for use in uses for field in use.fields]
            chosen = rng.sample(every, rng.randint(1, min(8, len(every))))
            feast = [f"{use.view.name}:{name}" for use, name, _ in chosen]
            arguments = ["-f", ",".join(feast)]
        names = [name for _, name, _ in chosen]
        is_long = len(set(names)) < len(names) or rng.random() < 0.3
        grouped = [feature for use in uses_of(chosen) for feature in chosen if feature[0] is use]
        return grouped, feast, arguments + (["--full-feature-names"] if is_long else []), is_long

    def entity_rows(self, uses):
        """The columns with their types, and rows of values; a label tells rows apart."""
        rng = self.rng
        needed = list(dict.fromkeys(key for use in uses for key in use.keys))
        columns = [*needed, ("event_timestamp", "unix_timestamp"), ("label", "int64")]
        others = [key for key in self.project.entities if key not in needed]
        columns += others if rng.random() < 0.3 else []
        columns += [("note", "string")] if rng.random() < 0.5 else []
        rng.shuffle(columns)
        moments = [moment + nudge for use in uses for moment in use.view.grid
                   for nudge in (0, use.view.ttl, use.view.ttl + 1)]
        rows = []
        for number in range(rng.choice([1, 5, 40, 120])):
            row = {}
            for name, kind in columns:
                if name == "label":
                    row[name] = number
                elif rng.random() < 0.05:
                    row[name] = None
                elif name == "event_timestamp":
                    row[name] = rng.choice(moments)
                elif name == "note":
                    row[name] = rng.choice(values.TEXTS)
                else:
                    row[name] = rng.choice([*KEY_POOL[kind] * 3, UNKNOWN[kind]])
            rows.append(row)
            if rng.random() < 0.25:
                # The same keys and time again, with a label of its own or fully the same.
                again = dict(rng.choice(rows))
                again["label"] = rng.choice([again["label"], 1000 + number])
                rows.append(again)
        if all(row["event_timestamp"] is None for row in rows):
            # Feast takes the range of the times, of which it needs one.
            for row in rows:
                row["event_timestamp"] = moments[0] if row["label"] == rows[0]["label"] else None
        return columns, rows

    def training_set(self):
        features, asked, arguments, is_long = self.selection()
        columns, rows = self.entity_rows(uses_of(features))
        by_created = self.rng.random() < 0.4
        names = [f"{use.prefix}__{name}" if is_long else name for use, name, _ in features]
        kinds = dict(columns) | {name: kind for name, (_, _, kind) in zip(names, features)}
        want = self.feast_training_set(asked, columns, rows, is_long, by_created)
        lines = [",".join(name for name, _ in columns)]
        for row in rows:
            cells = [None if row[name] is None else values.spell(self.rng, row[name], kind)
                     for name, kind in columns]
            lines.append(",".join(map(self.entity_field, cells)))
        output = self.directory / "training.csv"
        arguments = ["get-historical-features", "-d", "-", "-o", str(output), *arguments]
        arguments += ["--filter-by-created-timestamp"] if by_created else []
        self.run(*arguments, stdin=("\n".join(lines) + "\n").encode())
        got_names, got = read_csv(output)
        if got_names != list(want) or got_names != [name for name, _ in columns] + names:
            raise Difference(f"columns {got_names}, not {list(want)}")
        label = got_names.index("label")
        if [int(row[label][0]) for row in got] != [row["label"] for row in rows]:
            raise Difference("fstore's rows are not the given ones in their order")
        # Feast promises no order, so its rows are found by label; rows of one label are one row.
        place = {number: index for index, number in enumerate(want["label"])}
        if Counter(want["label"]) != Counter(row["label"] for row in rows):
            raise Difference("Feast's rows are not the given ones")
        for number, line in enumerate(got):
            index = place[int(line[label][0])]
            for name, cell in zip(got_names, line):
                kind = kinds[name]
                is_given = name in dict(columns) and name != "event_timestamp"
                value = want[name][index]
                same = (self.is_given(cell, rows[number][name], value, kind) if is_given
                        else values.csv_cell_is(*cell, value, kind))
                if not same:
                    raise Difference(f"{arguments}: row {number} {name} ({kind}): {cell!r}, in Feast "
                                     f"{value!r}; entity row {rows[number]}")
        self.counts["training rows"] += len(rows)
        self.counts["training cells"] += len(rows) * len(features)

    @staticmethod
    def entity_field(text):
        if text is None:
            return ""
        must = text == "" or any(letter in text for letter in ',"\r\n') or text[0] == "\ufeff"
        return '"' + text.replace('"', '""') + '"' if must else text

    @staticmethod
    def is_given(cell, given, value, kind):
        """Feast gives the entity rows back; fstore does so letter for letter."""
        return value == given and (cell[0] == "" if given is None else
                                   cell[0] == values.spell(random.Random(0), given, kind)
                                   or kind in ("unix_timestamp", "float64"))

    def feast_training_set(self, asked, columns, rows, is_long, by_created):
        """The columns of Feast's training set as lists of values."""
        import pandas

        frame = {}
        for name, kind in columns:
            cells = [row[name] for row in rows]
            if kind in ("int32", "int64"):
                frame[name] = pandas.array(cells, dtype=kind.capitalize())
            elif kind == "unix_timestamp":
                frame[name] = pandas.Series(
                    [None if cell is None else values.EPOCH + timedelta(microseconds=cell)
                     for cell in cells], dtype="datetime64[us, UTC]")
            else:
                frame[name] = pandas.Series(cells, dtype="object")
        job = self.feast.get_historical_features(
            pandas.DataFrame(frame), asked, full_feature_names=is_long,
            filter_by_created_timestamp=by_created)
        table = job.to_arrow()
        return {name: as_values(table[name]) for name in table.column_names}

    # Loads and online reads

    def online(self):
        """Loads of windows, then reads: each side against the truth, Feast with its defects."""
        views = [view for view in self.project.views
                 if view.is_loadable and view.keys and all(kind in ONLINE_KEYS for _, kind in view.keys)]
        loaded = {}
        for view in self.rng.sample(views, len(views)):
            moments = sorted(self.rng.choices(view.grid, k=3))
            # Windows in order only: in Feast an older one would overwrite newer rows.
            windows = [moments[:2]] + ([moments[1:]] if self.rng.random() < 0.5 else [])
            features = [f"{view.name}:{name}" for name, _ in view.schema]
            for number, window in enumerate(windows, 1):
                self.load(view, *window)
                loaded[view] = newest_rows(view, windows[:number])
                self.read([Use(view, view.schema)], loaded, features, ["-f", ",".join(features)])
        for name, uses in self.project.services.items():
            given = {column for use in uses for column, _ in use.keys}
            # The defect "mapped key": no read may have a column and what stands for it.
            is_mixed = any(given & set(use.join_key_map) for use in uses)
            if all(use.view in loaded for use in uses) and not is_mixed:
                self.read(uses, loaded, self.feast.get_feature_service(name), ["--feature-service", name])
                self.counts["services read"] += 1

    def load(self, view, first, last):
        self.run("materialize", values.spell_utc(first), values.spell_utc(last), "-v", view.name)
        moments = [values.EPOCH + timedelta(microseconds=moment) for moment in (first, last)]
        with redirect_stdout(io.StringIO()):
            self.feast.materialize(*moments, feature_views=[view.name])
        self.counts["loads"] += 1

    def read(self, uses, loaded, asked, arguments):
        keys = list(dict.fromkeys(key for use in uses for key in use.keys))
        pools = {name: [*KEY_POOL[kind], UNKNOWN[kind]] for name, kind in keys}
        rows = [{name: self.rng.choice(pool) for name, pool in pools.items()} for _ in range(15)]
        for use in uses:
            # Composite keys are seldom met by chance.
            for row in use.view.rows[:10]:
                met = dict(self.rng.choice(rows))
                rows.append(met | {name: key for (name, _), key in zip(use.keys, row.keys)})
        theirs = self.feast.get_online_features(asked, rows, full_feature_names=True).proto
        theirs = dict(zip(theirs.metadata.feature_names.val, theirs.results))
        arguments = arguments + [part for name, kind in keys for row in rows
                                 for part in ("-e", f"{name}={values.spell(self.rng, row[name], kind)}")]
        mine = values.load_json(
            self.run("get-online-features", *arguments, "--full-feature-names", "--json"))
        mine = dict(zip(mine["metadata"]["feature_names"], mine["results"]))
        if set(mine) != set(theirs):
            raise Difference(f"online columns {list(mine)}, in Feast {list(theirs)}")
        for use, name, kind in [(use, *field) for use in uses for field in use.fields]:
            index = [field for field, _ in use.view.schema].index(name)
            column = [row.features[index] for row in use.view.rows]
            own, other = (side[f"{use.prefix}__{name}"] for side in (mine, theirs))
            for number, given in enumerate(rows):
                row = loaded[use.view].get(tuple(given[key] for key, _ in use.keys))
                value = None if row is None else row.features[index]
                place = f"online {use.prefix}:{name} ({kind}) of {given}"
                self.check_own(place, use.view, row, value, kind,
                               [own[part][number] for part in ("statuses", "values", "event_timestamps")])
                self.check_theirs(place, row, value, kind, column, (
                    other.statuses[number], proto_value(other.values[number]),
                    other.event_timestamps[number].seconds))
                self.counts["online cells"] += 1

    def check_own(self, place, view, row, value, kind, got):
        status = "NOT_FOUND" if row is None else "NULL_VALUE" if value is None else "PRESENT"
        if row is not None and view.ttl and row.time < self.now - view.ttl:
            status, value = "OUTSIDE_MAX_AGE", None
        moment = values.spell_utc(0 if row is None else row.time)
        if got[0] != status or got[2] != moment or not values.json_cell_is(got[1], value, kind, wire=True):
            raise Difference(f"{place}: {got}, not {(status, value, moment)}")

    def check_theirs(self, place, row, value, kind, column, got):
        want = (NOT_FOUND, 0) if row is None else (PRESENT, row.time // 1_000_000)
        if (got[0], got[2]) != want:
            raise Difference(f"{place}: Feast has {got}, not {want}")
        answers = {None: None} if row is None else distorted(value, kind, column)
        # A time has whole seconds in Feast's online store.
        seen = [name for name, answer in answers.items() if same_value(got[1], whole_seconds(answer, kind))]
        if not seen:
            raise Difference(f"{place}: Feast has {got[1]!r}, none of {answers!r}")
        if seen[0] is not None:
            self.counts[f"cells of Feast with its defect '{seen[0]}'"] += 1


def newest_rows(view, windows):
    """By key the row that loads of these windows leave in an online store."""
    newest = {}
    for row in view.rows:
        if any(first <= row.time <= last for first, last in windows):
            best = newest.get(tuple(row.keys))
            if best is None or (row.time, row.created or 0) > (best.time, best.created or 0):
                newest[tuple(row.keys)] = row
    return newest


def whole_seconds(value, kind):
    if value is None or not kind.endswith("unix_timestamp") and kind != "array(unix_timestamp)":
        return value
    if isinstance(value, list):
        return [item // 1_000_000 * 1_000_000 for item in value]
    return value // 1_000_000 * 1_000_000


def same_value(left, right):
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_value, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return values.same_bits(left, right)
    return type(left) is type(right) and left == right


def uses_of(features):
    return list(dict.fromkeys(use for use, _, _ in features))


def as_values(column):
    """An Arrow column as the values of values.py: times as microseconds, all else as it is."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_timestamp(kind):
        assert kind.unit == "us", kind
        return column.cast(pyarrow.int64()).to_pylist()
    if pyarrow.types.is_list(kind) and pyarrow.types.is_timestamp(kind.value_type):
        return column.cast(pyarrow.list_(pyarrow.int64())).to_pylist()
    return column.to_pylist()


def proto_value(value):
    """A value of Feast's online store; a time has whole seconds there."""
    kind = value.WhichOneof("val")
    if kind is None:
        return None
    inner = getattr(value, kind)
    if kind.endswith("_list_val"):
        inner = list(inner.val)
        return [item * 1_000_000 for item in inner] if "timestamp" in kind else inner
    return inner * 1_000_000 if kind == "unix_timestamp_val" else inner


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fstore", required=True, help="the program")
    parser.add_argument("--seeds", default="1:20", help="A:B, both inclusive")
    options = parser.parse_args()
    import feast  # noqa: F401, which sets filters of its own

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    gone = feast_defects.check()
    for name in gone:
        print(f"Feast no longer has the defect '{name}': take it out of the table")
    print(f"{len(feast_defects.DEFECTS) - len(gone)} known defects of Feast show in their cases")
    first, last = map(int, options.seeds.split(":"))
    fstore = os.path.abspath(options.fstore)
    counts, failures = Counter(), []
    for seed in range(first, last + 1):
        directory = tempfile.mkdtemp(prefix=f"fstore-feast-{seed}-")
        try:
            Seed(fstore, seed, directory, counts).everything()
            shutil.rmtree(directory)
        except Exception as error:
            if not isinstance(error, Difference):
                traceback.print_exc(limit=-2)
            failures.append(seed)
            print(f"seed {seed}: {error}\n  kept {directory}", flush=True)
    summary = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    print(f"{last - first + 1} seeds, {len(failures)} with differences: {summary}")
    return 1 if failures or gone else 0


if __name__ == "__main__":
    sys.exit(main())
