#!/usr/bin/env python3
"""Random pushes, loads, on-demand features, aliases and pinned generations against a naive model.

    random_features.py --fstore .build/release/fstore --seeds 1..300

For each seed: a random project; then pushes to one store or both, loads, growing sources and edits
of views in random order, by commands or through a server, with every cell of training sets, sets
without an entity file and online reads compared. The same seed makes the same project and steps.
Needs Python 3.11 and nothing else. A folder with a difference is kept and named; the exit code is
1 when there is any, else 0.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import values
from feature_project import UNKNOWN, Project, Row, View, quoted, NOW, DAY, LAST, MINUTE, KEY_POOL
from random_repositories import Difference, read_csv, read_json_lines, read_sqlite

HOUR = 60 * MINUTE
NUMERIC = {"int32", "int64", "float32", "float64", "bool", "unix_timestamp"}
STATUSES = {1: "PRESENT", 2: "NULL_VALUE", 3: "NOT_FOUND", 4: "OUTSIDE_MAX_AGE"}


class Runner:
    def __init__(self, fstore, seed, counts):
        self.fstore, self.seed, self.counts = fstore, seed, counts
        self.rng = random.Random(f"features {seed}")
        self.directory = Path(tempfile.mkdtemp(prefix=f"fstore-features-{seed}-"))
        self.project = Project(self.rng, self.directory / "repository")
        self.server, self.port, self.log = None, None, []
        self.last_push, self.pushed = 0, 0
        # How often history changed; and by the name of each saved dataset, what that was then.
        self.changes, self.saved = 0, {}

    # Running

    def check(self, condition, message):
        if not condition:
            raise Difference(message() if callable(message) else message)

    def run(self, *arguments, code=0, stdin=None):
        command = [self.fstore, *arguments, "-c", str(self.project.directory)]
        zone = self.rng.choice(["UTC", "America/New_York", "Asia/Tokyo"])
        self.log.append(" ".join(arguments))
        done = subprocess.run(command, capture_output=True, input=stdin, env={**os.environ, "TZ": zone})
        self.counts["commands"] += 1
        if code is not None and done.returncode != code:
            raise Difference(f"exit code {done.returncode}, not {code}: {arguments}\n" + done.stderr.decode()[-3000:])
        return done

    def post(self, path, body, headers=None):
        text = body if isinstance(body, str) else json.dumps(body)
        self.log.append(f"POST {path} {text}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, text.encode(), headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        self.counts["requests"] += 1
        return answer.status, data

    def serve(self):
        command = [self.fstore, "serve", "-p", "0", "-c", str(self.project.directory)]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self.server.stdout.readline().decode()
        self.check("http://" in line, "no server: " + line)
        self.port = int(line.split("http://")[1].split()[0].rstrip("/").rsplit(":", 1)[1])
        self.counts["servers"] += 1

    def stop(self, is_killed=False):
        if self.server:
            self.server.kill() if is_killed else self.server.terminate()
            self.server.wait(20)
            self.server = None

    def everything(self):
        rng = self.rng
        self.run("apply")
        if rng.random() < 0.5:
            self.serve()
        steps = {self.push: 6, self.load: 3, self.grow: 1, self.edit: 3, self.training: 3, self.keys: 2, self.online: 5,
                 self.rebuild: 1}
        for _ in range(rng.randint(10, 30)):
            rng.choices(list(steps), list(steps.values()))[0]()
            if self.server and rng.random() < 0.05:
                self.stop(is_killed=rng.random() < 0.5)
                self.serve()
        self.whole_load()
        self.online()
        self.now_equals_now()
        self.stop()

    # Steps

    def grow(self):
        self.changes += 1
        for history in self.project.histories:
            history.grow(self.project.directory)

    def edit(self):
        said = self.project.edit()
        if said is None:
            return
        self.log.append(said)
        self.project.write_definitions()
        self.run("apply", "--allow-destroy")
        again = self.run("plan").stdout
        self.check(b"No changes" in again, lambda: "a second plan has changes: " + again.decode())
        if self.server:
            time.sleep(1.2)
        self.counts["edits"] += 1

    def whole_load(self):
        self.run("materialize")
        now = int(time.time() * 1_000_000)
        for view in self.project.views:
            for generation in view.online():
                generation.load(None, None, now)
                generation.is_whole = True

    def load(self):
        rng = self.rng
        views = [view for view in self.project.views if view.online()]
        if not views:
            return
        arguments = []
        if rng.random() < 0.5:
            views = rng.sample(views, 1)
            arguments = ["-v", views[0].name]
        generations = [one for view in views for one in view.online()]
        if arguments and rng.random() < 0.3:
            generations = rng.sample(generations, 1)
            arguments = ["-v", f"{views[0].name}@v{generations[0].version}"]
        how = rng.choice(["window", "all", "incremental"])
        start = end = None
        if how == "incremental" and all(one.is_whole for one in generations):
            self.run("materialize-incremental", values.spell_utc(NOW + 5 * HOUR), *arguments)
        elif how == "window":
            start, end = sorted(rng.choices([NOW + DAY, NOW - MINUTE, *views[0].history.grid], k=2))
            self.run("materialize", values.spell_utc(start), values.spell_utc(end), *arguments)
        else:
            self.run("materialize", *arguments)
        now = int(time.time() * 1_000_000)
        for one in generations:
            one.load(start, end, now)
            one.is_whole = one.is_whole and how != "window" or how == "all"

    def push(self):
        rng = self.rng
        history = rng.choice(self.project.histories)
        views = [view for view in self.project.views if view.history is history]
        by_view = self.server and views and not history.is_static and rng.random() < 0.15
        if by_view:
            view = rng.choice([view for view in views if view.current.is_online] or [None])
            if view is None:
                return
            name, target, generations = view.name, "online", [view.current]
        else:
            if not history.pushes:
                return
            name = rng.choice(history.pushes)
            target = rng.choice(["online", "offline", "online_and_offline", "online_and_offline"])
            generations = [one for view in views for one in view.live() if name in one.pushes]
        if not generations:
            return
        rows = [history.draw_row(0, with_flaws=0.02) for _ in range(rng.choice([1, 1, 3, 10]))]
        # JSON that is spelt in another way is another row.
        if rng.random() < 0.2 and not {"json", "map"} & set(history.columns.values()):
            rows.append(rng.choice(rows))
        for row in rows:
            if rng.random() < 0.2:
                row.time = int(time.time() * 1_000_000) - rng.randint(1, 1000)
        status, answer = self.send(history, name, target, rows, by_view)
        self.last_push = max(self.last_push + 1, int(time.time() * 1_000_000))
        known = {feature for one in generations for feature in one.schema}
        good, statuses = [], {}
        for number, row in enumerate(rows):
            self.pushed += 1
            mine = Row(row.keys, row.time, row.created, {key: cell for key, cell in row.cells.items() if key in known},
                       (name, self.last_push), self.pushed)
            if any(one.features(mine) is None for one in generations):
                statuses[number] = "rejected"
            else:
                good.append((number, mine))
        stale = {number: target != "offline" for number, _ in good}
        if target != "offline":
            for one in generations:
                for (number, _), is_stale in zip(good, one.push([row for _, row in good], self.last_push)):
                    stale[number] = stale[number] and is_stale
        twin = {}
        for number, row in good:
            twin.setdefault((row.keys, row.time, row.created, repr(row.cells)), []).append(number)
        for numbers in twin.values():
            for number in numbers:
                stale[number] = all(stale[other] for other in numbers)
        statuses |= {number: "stale" if stale[number] else "accepted" for number, _ in good}
        if target != "online":
            self.changes += 1
            history.pushed_rows += [row for _, row in good]
        got = {one["row"]: one["status"] for one in answer["results"]}
        self.check(got == statuses, lambda: f"push {name} {target}: {got}, not {statuses}")
        future = sum(any(not one.is_due(row, self.last_push) for one in generations) for _, row in good)
        self.check(answer["future"] == future, lambda: f"push: {answer['future']} future, not {future}")
        all_bad = rows and not good or by_view and len(good) < len(rows)
        self.check(status == ((422 if self.is_http else 1) if all_bad or not self.is_http and len(good) < len(rows)
                              else (200 if self.is_http else 0)), lambda: f"push: status {status}")
        self.counts["pushed rows"] += len(rows)

    def send(self, history, name, target, rows, by_view):
        rng = self.rng
        self.is_http = bool(self.server) and (by_view or rng.random() < 0.5)
        by_feature = rng.random() < 0.3
        names = history.header()
        if by_feature:
            names = [key for key, _ in history.keys] + ["happened", "made", *history.columns]
        given = [[value for value, _ in history.row_values(row)] for row in rows]
        kinds = [kind for _, kind in history.row_values(rows[0])]
        if not history.has_created:
            for line in given:
                line[len(history.keys) + 1] = None
        if rng.random() < 0.4 and not self.is_http:
            text = ",".join(map(quoted, names)) + "\n"
            for line in given:
                text += ",".join("" if value is None else quoted(values.spell(rng, value, kind, "UTC"))
                                 for value, kind in zip(line, kinds)) + "\n"
            form = ".csv"
        else:
            cells = [[push_cell(rng, value, kind) for value, kind in zip(line, kinds)] for line in given]
            columns = "{" + ", ".join(f"{json.dumps(name)}: [{', '.join(line[i] for line in cells)}]"
                                      for i, name in enumerate(names)) + "}"
            objects = ["{" + ", ".join(f"{json.dumps(one)}: {cell}" for one, cell in zip(names, line)) + "}" for line in cells]
            text = rng.choice([columns, "[" + ",\n".join(objects) + "]", "\n".join(objects)])
            form = ".json"
        if self.is_http:
            key = "feature_view_name" if by_view else "push_source_name"
            body = f'{{"{key}": {json.dumps(name)}, "to": "{target}", "df": {columns}}}'
            path = "/write-to-online-store" if by_view else "/push"
            status, data = self.post(path, body)
            self.check(status in (200, 422), lambda: f"{path}: {status} {data.decode()}")
            return status, json.loads(data)
        path = self.directory / f"push{form}"
        path.write_bytes(text.encode())
        done = self.run("push", name, str(path), "--to", target, "--json", code=None)
        self.log.append(text)
        self.check(done.stdout, lambda: f"push {name}: {done.returncode} {done.stderr.decode()}")
        answer = json.loads(done.stdout)
        return done.returncode, answer

    # Training sets

    def needs(self, columns):
        keys, fields = {}, {}
        for one in columns:
            keys |= one.needed_keys()
            fields |= one.request_fields()
        return keys, fields

    def grouped(self, columns):
        labels = list(dict.fromkeys(one.label for one in columns))
        return [one for label in labels for one in columns if one.label == label]

    def names(self, columns):
        names = [one.name for one in columns]
        full = len(set(names)) < len(names) or self.rng.random() < 0.3
        return [f"{one.label}__{one.name}" for one in columns] if full else names, full

    def training(self, moments=None):
        rng = self.rng
        columns, arguments, body = self.project.selection()
        columns = self.grouped(columns)
        keys, fields = self.needs(columns)
        names, full = self.names(columns)
        by_created = rng.random() < 0.3
        grid = [moment for history in self.project.histories for moment in history.grid]
        grid += [moment + generation.ttl + nudge for one in columns for generation in one.generations() if generation.ttl
                 for moment in rng.sample(generation.history.grid, 2) for nudge in (-1, 0, 1)
                 if moment + generation.ttl < LAST]
        rows = [{**{key: rng.choice(KEY_POOL[kind] + [None]) for key, kind in keys.items()},
                 **{name: None if rng.random() < 0.1 else values.draw(rng, kind) for name, kind in fields.items()},
                 "event_timestamp": rng.choice(moments or grid + [NOW, NOW + 2 * HOUR, None])}
                for _ in range(rng.choice([0, 1, 5, 30]))]
        order = [*keys, *fields, "event_timestamp"]
        if len(order) == 1:
            return
        rng.shuffle(order)
        kinds = {**keys, **fields, "event_timestamp": "unix_timestamp"}
        texts = [{name: None if row[name] is None else values.spell(rng, row[name], kinds[name]) for name in order} for row in rows]
        expected = [[one.evaluate(row, lambda generation, key, name: self.seen(generation, key, name, row["event_timestamp"], by_created))
                     for one in columns] for row in rows]
        if self.server and rng.random() < 0.5:
            body = {**body, "full_feature_names": full, "filter_by_created_timestamp": by_created,
                    "entities": {name: [line[name] for line in texts] for name in order}}
            status, data = self.post("/get-historical-features", body)
            self.check(status == 200, lambda: f"training: {status} {data.decode()}")
            got = values.load_json(data)["columns"]
            self.check(list(got) == order + names, lambda: f"columns {list(got)}, not {order + names}")
            for one, name, index in zip(columns, names, range(len(names))):
                self.check(len(got[name]) == len(rows), "rows")
                for number, cell in enumerate(got[name]):
                    self.cell(values.json_cell_is(cell, expected[number][index], one.kind, wire=True)
                              if expected[number][index] is not UNKNOWN else True,
                              f"HTTP training row {number} {name} ({one.kind})", cell, expected[number][index], one, rows[number])
            return
        text = ",".join(order) + "\n" + "".join(
            ",".join("" if line[name] is None else quoted(line[name]) for name in order) + "\n" for line in texts)
        form = rng.choice(["csv", "csv", "jsonl", "db"])
        path = self.directory / f"out.{form}"
        (self.directory / "entities.csv").write_bytes(text.encode())
        arguments = ["get-historical-features", "-d", str(self.directory / "entities.csv"), *arguments, "-o", str(path)]
        arguments += ["--full-feature-names"] if full else []
        arguments += ["--filter-by-created-timestamp"] if by_created else []
        if rng.random() < 0.2:
            name = f"set{len(self.saved)}"
            arguments += ["--save-as", name]
            self.saved[name] = self.changes
        self.run(*arguments)
        got_names, got = {"csv": read_csv, "jsonl": read_json_lines, "db": read_sqlite}[form](path)
        path.unlink()
        if form != "jsonl" or rows:
            self.check(got_names == order + names, lambda: f"columns {got_names}, not {order + names}")
        self.check(len(got) == len(rows), lambda: f"{len(got)} rows, not {len(rows)}")
        same = {"csv": lambda cell, want, kind: values.csv_cell_is(*cell, want, kind),
                "jsonl": lambda cell, want, kind: values.json_cell_is(cell, want, kind, wire=False),
                "db": values.sqlite_cell_is}[form]
        for number, line in enumerate(got):
            for one, cell, want in zip(columns, line[len(order):], expected[number]):
                self.cell(want is UNKNOWN or same(cell, want, one.kind),
                          f"{form} training row {number} {one.label}:{one.name} ({one.kind})", cell, want, one, rows[number])

    def rebuild(self):
        """A set whose sources are as they were comes out again, whatever was applied since."""
        fresh = [name for name, changes in self.saved.items() if changes == self.changes]
        if fresh:
            done = self.run("saved-datasets", "rebuild", self.rng.choice(fresh))
            self.check(b"the same byte for byte" in done.stderr, lambda: f"rebuild: {done.stderr.decode()}")
            self.counts["rebuilt sets"] += 1

    def seen(self, generation, keys, name, moment, by_created):
        found = generation.joined(keys, moment, by_created)
        return None if found is None else found[name]

    def cell(self, condition, what, got, want, one, row):
        self.counts["cells"] += 1
        self.check(condition, lambda: f"{what}: {got!r}, not {want!r}; "
                   f"{one.computed.text if one.computed else ''} {row}")

    def keys(self):
        rng = self.rng
        columns, arguments, body = self.project.selection()
        columns = self.grouped(columns)
        needed, fields = self.needs(columns)
        if fields or not needed:
            return
        names, full = self.names(columns)
        by_created = rng.random() < 0.3
        grid = sorted({moment for history in self.project.histories for moment in history.grid} | {NOW, NOW + 2 * HOUR})
        start, end = sorted(rng.choices(grid, k=2))
        start = start if rng.random() < 0.7 else None
        every = None
        if start is not None and rng.random() < 0.5:
            every = rng.choice([step for step in (15 * MINUTE, 6 * HOUR, DAY, 14 * DAY, 700 * DAY) if (end - start) / step < 20])\
                if (end - start) / (700 * DAY) < 20 else None
        moments = [end] if every is None else list(range(start, end + 1, every))
        parts = []
        for one in columns:
            for generation in one.generations():
                parts.append((generation, [name for name, _ in one.keys(generation)]))
        widest = max((set(part[1]) for part in parts), key=len)
        is_clear = all(set(part[1]) <= widest for part in parts)
        arguments = ["get-historical-features", *arguments, "--end-date", values.spell_utc(end)]
        body = {**body, "end_date": values.spell_utc(end), "full_feature_names": full, "filter_by_created_timestamp": by_created}
        if start is not None:
            arguments += ["--start-date", values.spell_utc(start)]
            body["start_date"] = values.spell_utc(start)
        if every:
            arguments += ["--every", f"{every // MINUTE}m"]
            body["every"] = f"{every // MINUTE}m"
        arguments += ["--full-feature-names"] if full else []
        arguments += ["--filter-by-created-timestamp"] if by_created else []
        path = self.directory / "out.csv"
        if self.server and rng.random() < 0.5:
            status, data = self.post("/get-historical-features", body, {"Accept": "text/csv"})
            self.check((status == 200) == is_clear, lambda: f"keys: {status} {data.decode()[:2000]}")
            path.write_bytes(data)
        else:
            self.run(*arguments, "-o", str(path), code=0 if is_clear else 1)
        if not is_clear:
            return
        found = set()
        for generation, key_names in parts:
            if set(key_names) != widest:
                continue
            for row in generation.rows():
                if generation.features(row) is None or not generation.is_between(row, start, end):
                    continue
                if (by_created or generation.filters) and not generation.knows_at(row, end):
                    continue
                found.add(tuple(sorted(zip(key_names, row.keys))))
        got_names, got = read_csv(path)
        order = got_names[:len(widest)]
        self.check(set(order) == widest and got_names[len(widest):] == ["event_timestamp", *names],
                   lambda: f"columns {got_names}, not {widest} {names}")
        rows = [dict(one) for one in found]
        rows.sort(key=lambda row: [row[name].encode() if isinstance(row[name], str) else row[name] for name in order])
        rows = [{**row, "event_timestamp": moment} for row in rows for moment in moments]
        self.check(len(got) == len(rows), lambda: f"keys: {len(got)} rows, not {len(rows)}: start {start} end {end} every {every}")
        for number, (line, row) in enumerate(zip(got, rows)):
            for name, cell in zip(order, line):
                self.check(values.csv_cell_is(*cell, row[name], needed[name]), lambda: f"keys row {number} {name}: {cell}, not {row[name]!r}")
            self.check(line[len(order)][0] == values.spell_utc(row["event_timestamp"]), lambda: f"keys row {number}: {line}")
            for one, cell in zip(columns, line[len(order) + 1:]):
                want = one.evaluate(row, lambda generation, key, name: self.seen(
                    generation, key, name, row["event_timestamp"], by_created))
                self.cell(want is UNKNOWN or values.csv_cell_is(*cell, want, one.kind),
                          f"keys row {number} {one.label}:{one.name} ({one.kind})", cell, want, one, row)

    # Online

    def online(self):
        rng = self.rng
        columns, arguments, body = self.project.selection(NUMERIC if rng.random() < 0.2 else None)
        keys, fields = self.needs(columns)
        if not keys:
            # A request needs rows, also for a view without keys.
            keys = dict(self.project.entities[0]["keys"])
        names, full = self.names(columns)
        is_http = bool(self.server) and rng.random() < 0.6
        rows = []
        for _ in range(rng.randint(1, 12)):
            row = {key: rng.choice(KEY_POOL[kind]) for key, kind in keys.items()}
            row |= {name: values.draw(rng, kind) for name, kind in fields.items()}
            for name, value in row.items():
                if isinstance(value, str) and "\0" in value:
                    row[name] = "nul"
                if is_http and rng.random() < 0.05:
                    row[name] = None
            rows.append(row)
        order = [*keys, *fields]
        rng.shuffle(order)
        kinds = {**keys, **fields}
        if is_http:
            entities = "{" + ", ".join(f"{json.dumps(name)}: [" + ", ".join(
                push_cell(rng, row[name], kinds[name]) for row in rows) + "]" for name in order) + "}"
            text = json.dumps({**body, "full_feature_names": full})[:-1] + f', "entities": {entities}}}'
            status, data = self.post("/get-online-features", text)
            if not self.is_served(columns):
                self.check(status == 400 and b"not served online" in data, lambda: f"online: {status} {data.decode()}")
                return
            self.check(status == 200, lambda: f"online: {status} {data.decode()}")
        else:
            arguments = ["get-online-features", *arguments, *(["--full-feature-names"] if full else []), "--json"]
            for name in order:
                for row in rows:
                    arguments += ["-e", f"{name}={values.spell(rng, row[name], kinds[name])}"]
            is_served = self.is_served(columns)
            done = self.run(*arguments, code=0 if is_served else 1)
            if not is_served:
                self.check(b"not served online" in done.stderr, lambda: f"online: {done.stderr.decode()}")
                return
            data = done.stdout
        now = int(time.time() * 1_000_000)
        answer = values.load_json(data)
        if is_http:
            self.matrix(text, answer, columns, len(columns))
        given = [name for name in order if name in keys]
        self.check(answer["metadata"]["feature_names"] == given + names,
                   lambda: f"online names {answer['metadata']['feature_names']}, not {given + names}")
        for name, column in zip(given, answer["results"]):
            for row, cell in zip(rows, column["values"]):
                self.check(values.json_cell_is(cell, row[name], kinds[name], wire=True), lambda: f"online key {name}: {cell}, {row}")
        for one, column in zip(columns, answer["results"][len(given):]):
            for number, row in enumerate(rows):
                got = (column["values"][number], column["statuses"][number], column["event_timestamps"][number])
                if one.generation:
                    value, status, moment = one.generation.read(tuple(row[name] for name, _ in one.keys()), one.name, now)
                else:
                    value = one.evaluate(row, lambda generation, key, name: generation.read(key, name, now)[0])
                    status, moment = "NULL_VALUE" if value is None else "PRESENT", 0
                is_same = value is UNKNOWN or (values.json_cell_is(got[0], value, one.kind, wire=True)
                                               and got[1:] == (status, values.spell_utc(moment)))
                self.cell(is_same, f"online {one.label}:{one.name} ({one.kind})", got, (value, status, moment), one, row)

    def matrix(self, body, answer, columns, count):
        """The matrix of float32 holds what the JSON of the same request does."""
        status, data = self.post("/get-online-features", body, {"Accept": "application/x-fstore-f32"})
        if not all(one.kind in NUMERIC for one in columns):
            self.check(status == 406, lambda: f"matrix: {status} {data.decode(errors='replace')}")
            return
        self.check(status == 200, lambda: f"matrix: {status} {data.decode(errors='replace')}")
        rows, features, at, nulls, statuses, _, _ = struct.unpack_from("<7Q", data, 8)
        wanted = answer["results"][len(answer["results"]) - count:]
        self.check((rows, features) == (len(wanted[0]["values"]), count), lambda: f"matrix: {rows} × {features}")
        for index, column in enumerate(wanted):
            for row, (value, status) in enumerate(zip(column["values"], column["statuses"])):
                place = row * features + index
                is_null = data[nulls + place // 8] >> place % 8 & 1 == 1
                self.check(STATUSES[data[statuses + place]] == status and is_null == (value is None),
                           lambda: f"matrix row {row} column {index}: {data[statuses + place]} {is_null}, not {column}")
                if columns[index].kind in ("float32", "bool") and value is not None:
                    got = data[at + 4 * place:at + 4 * place + 4]
                    self.check(got == struct.pack("<f", float(value)) or value == "NaN",
                               lambda: f"matrix row {row} column {index}: {got!r}, not {value!r}")
        self.counts["matrices"] += 1

    def is_served(self, columns):
        return all(generation.is_online for one in columns for generation in one.generations())

    def now_equals_now(self):
        """`verify` says what the model says."""
        now = int(time.time() * 1_000_000)
        report = json.loads(self.run("verify", "--json", code=None).stdout)
        got = {view["view"]: view for view in report["views"]}
        for view in self.project.views:
            for one in view.online():
                keys = {row.keys for row in one.rows() if one.features(row) is not None and one.is_between(row, None, now)
                        and (not one.filters or one.knows_at(row, now))}
                if not one.history.keys:
                    # Its one row is looked at, whether history has it or not.
                    keys = {()}
                different = 0
                for key in keys:
                    training = one.joined(key, now, False)
                    for name in one.schema:
                        online = one.read(key, name, now)[0]
                        offline = None if training is None else training[name]
                        different += repr(online) != repr(offline)
                name = view.name if one is view.current else f"{view.name}@v{one.version}"
                self.check(name in got, lambda: f"verify lacks {name}: {list(got)}")
                self.check(got[name]["keys"] == len(keys) and got[name]["different"] == different,
                           lambda: f"verify: {got[name]}, but {len(keys)} keys and {different} different")


def push_cell(rng, value, kind):
    """A cell as JSON text."""
    if value is None:
        return "null"
    if values.is_bad(value):
        return json.dumps(value.text)
    text = values.spell(rng, value, kind, "UTC")
    if rng.random() < 0.5:
        if kind in ("int32", "int64"):
            return str(value)
        if kind in ("float32", "float64") and value == value and abs(value) != float("inf"):
            return repr(value)
        if kind == "bool":
            return "true" if value else "false"
        if kind == "unix_timestamp" and value % 1_000_000 == 0 and abs(value) < 2**52:
            return str(value // 1_000_000)
        if kind.startswith("array(") or kind == "map" or kind == "json" and not isinstance(value, str):
            return text
        if kind == "decimal" and "." not in value:
            return text
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)


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
            (runner.directory / "steps.txt").write_text("\n".join(runner.log))
            print(f"seed {seed}: {error}\n  kept {runner.directory}", flush=True)
        finally:
            runner.stop()
    summary = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    print(f"{last - first + 1} seeds, {len(failures)} with differences: {summary}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
