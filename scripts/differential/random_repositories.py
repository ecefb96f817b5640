#!/usr/bin/env python3
"""Makes random feature repositories, runs fstore on them, and compares every cell with an oracle.

    random_repositories.py --fstore .build/release/fstore --seeds 1..300

For each seed: `apply`, training sets as CSV, JSON Lines and SQLite, loads of random windows and
incremental ones while sources grow, and online reads. The oracle knows the contract and nothing of
the code. Needs Python 3.11 and nothing else. A folder with a difference is kept and named.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import oracle
import values
from repository import DAY, KEY_POOL, MINUTE, NOW, Repository

STRANGE_COLUMNS = ["note", "a b", "x,y", 'say "hi"', "line\nbreak", "é", "e\u0301", "label"]
UNREADABLE_KEYS = {"int64": ["abc", "1.5", "9223372036854775808", "true", " 1"],
                   "int32": ["2147483648", "x"], "bytes": ["%%", "YQ"],
                   "unix_timestamp": ["soon", "2026-13-01"]}


class Difference(Exception):
    pass


class Runner:
    def __init__(self, fstore, seed, counts):
        self.fstore, self.seed, self.counts = fstore, seed, counts
        self.rng = random.Random(seed)
        self.directory = Path(tempfile.mkdtemp(prefix=f"fstore-{seed}-"))
        self.repository = Repository(self.rng, self.directory / "repository")
        self.is_serving = False
        # Views whose last feature was defined after the last load.
        self.hidden = set()

    def run(self, *arguments, code=0, stdin=None):
        command = [self.fstore, *arguments, "-c", str(self.repository.directory)]
        # The zone of the process must not matter.
        zone = self.rng.choice(["UTC", "America/New_York", "Asia/Tokyo"])
        done = subprocess.run(command, capture_output=True, input=stdin, env={**os.environ, "TZ": zone})
        self.counts["commands"] += 1
        if code is not None and done.returncode != code:
            raise Difference(f"exit code {done.returncode}, not {code}: {command}\n"
                             + done.stderr.decode()[-2000:])
        return done

    def check(self, condition, message):
        if not condition:
            raise Difference(message() if callable(message) else message)

    def everything(self):
        self.run("apply")
        again = self.run("apply").stdout + self.run("plan").stdout
        self.check(again.count(b"No changes") == 2, "a second apply has changes: " + again.decode())
        for _ in range(3):
            self.training_set()
        if self.rng.random() < 0.3:
            # All commands go through the server now.
            with self.server():
                self.loads()
        else:
            self.loads()
        self.training_set()

    @contextmanager
    def server(self):
        command = [self.fstore, "serve", "-p", "0", "-c", str(self.repository.directory)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.is_serving = True
        try:
            self.check(b"http://" in server.stdout.readline(), "no server")
            self.counts["servers"] += 1
            yield
        finally:
            self.is_serving = False
            server.terminate()
            server.wait(20)

    # Training sets

    def entity_file(self, views):
        """(columns, rows of texts, keys and times as values)."""
        rng = self.rng
        needed = {key: kind for view in views for key, kind in view.join_keys}
        others = rng.sample(STRANGE_COLUMNS, rng.randint(0, 4))
        columns = list(needed) + ["event_timestamp"] + others
        if len(columns) == 1:
            # A blank line is no row of a table with one column.
            columns.append("note")
        rng.shuffle(columns)
        moments = [moment for view in views for moment in view.grid] + [NOW]
        moments += [moment + view.ttl + nudge for view in views for moment in view.grid[:4]
                    for nudge in (-1, 0, 1)]
        rows = []
        for _ in range(rng.choice([0, 1, 3, 40, 40, 200])):
            cells, read = {}, {}
            for column in columns:
                if column == "event_timestamp":
                    value = rng.choice(moments) if rng.random() < 0.95 else None
                    text = None if value is None else values.spell_time(rng, value, "UTC")
                    if rng.random() < 0.02:
                        text, value = rng.choice(["today", "2026-02-30", "12:00"]), None
                elif column in needed:
                    kind = needed[column]
                    value = rng.choice(KEY_POOL[kind]) if rng.random() < 0.95 else None
                    text = None if value is None else values.spell(rng, value, kind)
                    if kind in UNREADABLE_KEYS and rng.random() < 0.03:
                        text, value = rng.choice(UNREADABLE_KEYS[kind]), None
                else:
                    text = value = rng.choice(values.TEXTS + [None])
                cells[column], read[column] = text, value
            rows.append((cells, read))
            if rng.random() < 0.2:
                rows.append(rng.choice(rows))
        return columns, rows

    def training_set(self):
        rng = self.rng
        features, arguments = self.repository.selection()
        views = list(dict.fromkeys(view for view, _, _ in features))
        columns, rows = self.entity_file(views)
        names = [name for _, name, _ in features]
        full = rng.random() < 0.3 or (len(set(names)) < len(names) and rng.random() < 0.9)
        arguments = ["get-historical-features", "-d", "-", *arguments, "--json"]
        arguments += ["--full-feature-names"] if full else []
        by_created = rng.random() < 0.3
        arguments += ["--filter-by-created-timestamp"] if by_created else []
        text = self.entity_text(columns, rows)
        if not full and len(set(names)) < len(names):
            self.run(*arguments, "-o", str(self.directory / "out.csv"), code=1, stdin=text)
            self.check(not (self.directory / "out.csv").exists(), "a failed run left a file")
            return
        grouped = [feature for view in views for feature in features if feature[0] is view]
        out_names = [f"{view.name}__{name}" if full else name for view, name, _ in grouped]
        expected = self.expected_rows(columns, rows, grouped, by_created)
        kinds = [None if name != "event_timestamp" else "unix_timestamp" for name in columns]
        kinds += [kind for _, _, kind in grouped]
        form = rng.choice(["csv", "csv", "jsonl", "db"])
        path = self.directory / f"out.{form}"
        source = self.directory / "entities.csv"
        if rng.random() < 0.5:
            if rng.random() < 0.3:
                source = source.with_suffix(".csv.gz")
            source.write_bytes(gzip.compress(text) if source.suffix == ".gz" else text)
            arguments[2] = str(source)
        done = self.run(*arguments, "-o", str(path), stdin=text)
        read = {"csv": read_csv, "jsonl": read_json_lines, "db": read_sqlite}[form](path)
        path.unlink()
        self.compare(read, form, columns + out_names, kinds, expected)
        self.counts["training rows"] += len(rows)
        self.counts["training cells"] += len(rows) * len(grouped)
        self.check_report(done.stderr, out_names, expected, len(columns))

    def entity_text(self, columns, rows):
        rng = self.rng
        end = rng.choice(["\n", "\r\n"])

        def field(text):
            if text is None:
                return ""
            must = text == "" or any(letter in text for letter in ',"\r\n') or text[0] == "\ufeff"
            return '"' + text.replace('"', '""') + '"' if must or rng.random() < 0.1 else text

        lines = [",".join(map(field, columns))]
        lines += [",".join(field(cells[column]) for column in columns) for cells, _ in rows]
        body = end.join(lines) + (end if rng.random() < 0.7 else "")
        return (("\ufeff" if rng.random() < 0.3 else "") + body).encode()

    def expected_rows(self, columns, rows, grouped, by_created):
        index = {view: {} for view in dict.fromkeys(view for view, _, _ in grouped)}
        for view, known in index.items():
            for order, row in enumerate(view.rows):
                known.setdefault(tuple(row.keys), []).append(row)
        result = []
        seen = {}
        for cells, read in rows:
            line = [read[column] if column == "event_timestamp" else cells[column]
                    for column in columns]
            for view, name, _ in grouped:
                key = tuple(read[key] for key, _ in view.join_keys)
                key = None if None in key else key
                moment = read["event_timestamp"]
                if (view, key, moment) not in seen:
                    seen[view, key, moment] = oracle.joined(view, key, moment, by_created)
                row = seen[view, key, moment]
                position = [feature for feature, _ in view.schema].index(name)
                line.append(None if row is None else row.features[position])
            result.append(line)
        return result

    def compare(self, read, form, names, kinds, expected):
        got_names, got_rows = read
        if form != "jsonl" or expected:
            self.check(got_names == names, lambda: f"{form}: columns {got_names}, not {names}")
        self.check(len(got_rows) == len(expected),
                   lambda: f"{form}: {len(got_rows)} rows, not {len(expected)}")
        for number, (got, want) in enumerate(zip(got_rows, expected)):
            for name, cell, value, kind in zip(names, got, want, kinds):
                same = {
                    "csv": lambda: values.csv_cell_is(*cell, value, kind or "string"),
                    "jsonl": lambda: values.json_cell_is(cell, value, kind or "string", wire=False),
                    "db": lambda: values.sqlite_cell_is(cell, value, kind or "string"),
                }[form]()
                self.check(same, lambda: f"{form} row {number} column {name!r} ({kind}): "
                                         f"{cell!r}, not {value!r}")

    def check_report(self, stderr, names, expected, offset):
        text = stderr.decode()
        report = json.loads(text[text.index("{"):])
        self.check(report["rows"] == len(expected), f"the report says {report['rows']} rows")
        for index, (name, column) in enumerate(zip(names, report["columns"])):
            nulls = sum(row[offset + index] is None for row in expected)
            said = sum(column[why] for why in ("no_row", "older_than_ttl", "only_in_future", "null_in_source",
                                               "null_key", "null_time", "not_yet_created"))
            self.check(column["name"] == name and said == nulls and
                       column["values"] == len(expected) - nulls,
                       f"the report of {name} has {column}, but {nulls} nulls")

    # Loads and online reads

    def loads(self):
        rng = self.rng
        online = {view: oracle.OnlineView(view) for view in self.repository.views if view.online}
        for _ in range(rng.randint(1, 3)):
            chosen = rng.choice([None, rng.sample(list(online), rng.randint(1, len(online)))
                                 if online else None])
            arguments = [part for view in chosen or [] for part in ("-v", view.name)]
            moments = sorted(rng.choices([NOW + DAY, NOW - MINUTE,
                                          *(moment for view in online for moment in view.grid)], k=2))
            how = rng.choice(["window", "window", "everything"])
            window = (None, None)
            if how == "window":
                window = tuple(moments)
                arguments = [values.spell_utc(moment) for moment in moments] + arguments
            done = self.run("materialize", *arguments, "--json")
            # What was in the store before has been written by the same run of the clock.
            now = int(time.time() * 1_000_000)
            for view in chosen or online:
                online[view].load(*window, now)
            if how == "everything":
                self.check_load_report(json.loads(done.stdout), chosen or online, now)
            self.online_reads(online)
            for view in rng.sample(self.repository.views, rng.randint(0, len(self.repository.views))):
                view.grow()
        # A load of everything brings what the windows left out; an incremental one after it what
        # has arrived since.
        self.run("materialize")
        for view in online.values():
            view.load(None, None, NOW)
        self.online_reads(online)
        for view in self.repository.views:
            view.grow()
        self.run("materialize-incremental", values.spell_utc(NOW + MINUTE))
        for view in online.values():
            view.load(None, None, NOW)
        self.online_reads(online)
        self.online_equals_historical(online)
        # The same rows again change nothing.
        report = json.loads(self.run("materialize-incremental", values.spell_utc(NOW), "--json").stdout)
        for view in report["views"]:
            fresh = next(known for known in online if known.name == view["name"])
            self.check(fresh.is_static or view["keys_written"] == 0,
                       f"{view['name']}: an idle load wrote {view['keys_written']} keys")
        self.online_reads(online)
        self.define_more(online)

    def define_more(self, online):
        """Adds features to views that hold rows already: null until the next load."""
        grown = [view for view in self.repository.views if view.visible < len(view.whole_schema)]
        if not grown:
            return
        for view in grown:
            view.visible += 1
        self.repository.write_definitions()
        self.run("apply")
        if self.is_serving:
            time.sleep(1.2)
        self.hidden.update(grown)
        self.online_reads(online)
        self.hidden.clear()
        self.run("materialize")
        for view in online.values():
            view.load(None, None, NOW)
        self.online_reads(online)
        self.online_equals_historical(online)

    def check_load_report(self, report, views, now):
        for entry in report["views"]:
            view = next(view for view in views if view.name == entry["name"])
            bad = oracle.bad_count(view, now)
            self.check(entry["bad"] == bad and entry["rows_read"] == len(view.rows),
                       f"{view.name}: {entry}, but {bad} of {len(view.rows)} rows are bad")

    def online_request(self):
        rng = self.rng
        features, arguments = self.repository.selection()
        views = list(dict.fromkeys(view for view, _, _ in features))
        names = [name for _, name, _ in features]
        full = len(set(names)) < len(names) or rng.random() < 0.3
        arguments += ["--full-feature-names"] if full else []
        needed = list(dict.fromkeys(key for view in views for key in view.join_keys))
        if not needed:
            needed = [self.repository.entities[0]["keys"][0]]
        rng.shuffle(needed)
        rows = []
        for _ in range(rng.randint(1, 12)):
            rows.append({key: rng.choice(KEY_POOL[kind]) for key, kind in needed})
        for key, kind in needed:
            for row in rows:
                text = values.spell(rng, row[key], kind)
                arguments += ["-e", f"{key}={text}"]
        return features, full, needed, rows, arguments

    def online_reads(self, online):
        for _ in range(2):
            features, full, needed, rows, arguments = self.online_request()
            done = self.run("get-online-features", *arguments, "--json", code=None)
            now = int(time.time() * 1_000_000)
            if any(view not in online for view, _, _ in features):
                self.check(done.returncode == 1 and b"not served online" in done.stderr,
                           f"{arguments}: a view that is not online was read")
                continue
            self.check(done.returncode == 0, lambda: f"{arguments}: {done.stderr.decode()}")
            self.compare_online(values.load_json(done.stdout), features, full, needed, rows, online, now)

    def compare_online(self, answer, features, full, needed, rows, online, now):
        names = [key for key, _ in needed]
        names += [f"{view.name}__{name}" if full else name for view, name, _ in features]
        self.check(answer["metadata"]["feature_names"] == names,
                   lambda: f"online columns {answer['metadata']['feature_names']}, not {names}")
        for (key, kind), column in zip(needed, answer["results"]):
            for number, row in enumerate(rows):
                self.check(values.json_cell_is(column["values"][number], row[key], kind, wire=True),
                           lambda: f"key {key}: {column['values'][number]!r}, not {row[key]!r}")
        for (view, name, kind), column in zip(features, answer["results"][len(needed):]):
            position = [feature for feature, _ in view.schema].index(name)
            for number, row in enumerate(rows):
                key = tuple(row[key] for key, _ in view.join_keys)
                found, status = online[view].read(key, now)
                value = found.features[position] if status == "PRESENT" else None
                if view in self.hidden and position == view.visible - 1:
                    value = None
                if status == "PRESENT" and value is None:
                    status = "NULL_VALUE"
                event = values.spell_utc(0 if found is None else found.time or 0)
                got = (column["values"][number], column["statuses"][number])
                time_is_right = view.is_static and found or column["event_timestamps"][number] == event
                self.check(got[1] == status and time_is_right
                           and values.json_cell_is(got[0], value, kind, wire=True),
                           lambda: f"online {view.name}:{name} ({kind}) of {key!r}: {got!r} at "
                           f"{column['event_timestamps'][number]}, not {value!r} {status} at {event}")
                self.counts["online cells"] += 1

    def online_equals_historical(self, online):
        """What the online oracle holds is what the join at now gives, so both outputs are equal."""
        for view, store in online.items():
            if view.filters_by_created:
                continue
            for key in {tuple(row.keys) for row in view.rows if usable_key(row)}:
                row, status = store.read(key, NOW)
                other = oracle.joined(view, key, NOW, False)
                mine = row.features if status == "PRESENT" else None
                theirs = None if other is None else other.features
                self.check(mine is theirs, f"{view.name} {key!r}: online {mine!r}, historical {theirs!r}")


def usable_key(row):
    return None not in row.keys and not any(map(values.is_bad, row.keys))


def read_csv(path):
    """The header, and the rows as (text, is quoted), of what fstore wrote: LF, no BOM."""
    text = path.read_bytes().decode()
    records, record, position = [], [], 0
    while position < len(text):
        if text[position] == '"':
            end = position + 1
            while text[end] != '"' or text[end + 1:end + 2] == '"':
                end += 2 if text[end] == '"' else 1
            record.append((text[position + 1:end].replace('""', '"'), True))
            position = end + 1
        else:
            end = position
            while text[end] not in ",\n":
                end += 1
            record.append((text[position:end], False))
            position = end
        if text[position] == "\n":
            records.append(record)
            record = []
        elif text[position] != ",":
            raise Difference(f"{path}: {text[position]!r} after a field")
        position += 1
    if record:
        raise Difference(f"{path} does not end with a line feed")
    return [name for name, _ in records[0]], records[1:]


def read_json_lines(path):
    objects = [values.load_json(line) for line in path.read_text().split("\n")[:-1]]
    return list(objects[0]) if objects else [], [list(line.values()) for line in objects]


def read_sqlite(path):
    database = sqlite3.connect(path)
    cursor = database.execute("SELECT * FROM training_set ORDER BY rowid")
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    database.close()
    return names, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fstore", required=True, help="the program")
    parser.add_argument("--seeds", default="1..100", help="A..B, both inclusive")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split(".."))
    fstore = os.path.abspath(options.fstore)
    counts, failures = Counter(), []
    for seed in range(first, last + 1):
        runner = Runner(fstore, seed, counts)
        try:
            runner.everything()
            shutil.rmtree(runner.directory)
        except Exception as error:
            if not isinstance(error, Difference):
                traceback.print_exc()
            failures.append(seed)
            print(f"seed {seed}: {error}\n  kept {runner.directory}", flush=True)
    summary = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    print(f"{last - first + 1} seeds, {len(failures)} with differences: {summary}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
