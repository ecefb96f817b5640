#!/usr/bin/env python3
"""Feast's own SDK, unchanged, against `fstore serve`.

    feast_client.py --fstore .build/release/fstore

Serves the repository of `fstore init` and one with every type and a composite key, and reads them
with `feast.FeatureStore` whose online store is `{type: remote, path: http://...}` and whose registry
is empty. Values must be the ones that were written, of the types that Python gives them. Services and
writes are in feast_writes.py. Needs
`feast[duckdb]==0.67.0`.
"""

import argparse
import base64
import csv
import logging
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from feast_writes import services_and_writes

HEADER = ("user,city,happened,i32,i64,f32,f64,whole,text,raw,flag,moment,numbers,words,floats,object,"
          "document,id,price")
ROWS = [
    (1, "Paris", 2**31 - 1, 2**53 + 1, 0.1, 0.1, 3.0, 'é"q', b"\x00\xff", True, 1768046400, [1, 2**53 + 1],
     ["a", "b"], [1.0, 2.5], {"k": 7}, '{"z":[1,2]}', "00000000-0000-0000-0000-000000000005", "1.50"),
    (1, "e\u0301", -1, -(2**63), -0.5, 1e300, 0.0, "", b"", False, 0, [], [], [], {}, "null",
     "00000000-0000-0000-0000-000000000006", "12345678901234567890.123456789"),
    (2**53 + 1, "Paris", 0, 2**63 - 1, 3.0, float("nan"), 1e16, "null", b"a", True, -1, [0], [""], [-0.0],
     {"a": {"b": "c"}}, '"x"', "00000000-0000-0000-0000-000000000007", "-0"),
    (7, "Rome", *[None] * 16),
]
FIELDS = {"i32": "int32", "i64": "int64", "f32": "float32", "f64": "float64", "whole": "float64",
          "text": "string", "raw": "bytes", "flag": "bool", "moment": "unix_timestamp",
          "numbers": "array(int64)", "words": "array(string)", "floats": "array(float64)", "object": "map",
          "document": "json", "id": "uuid", "price": "decimal"}
# The values of the first row as they stand in the body: what makes the client guess the right types.
WIRE = {
    "i32": "2147483647", "i64": "9007199254740993", "f32": "0.10000000149011612", "f64": "0.1",
    "whole": "3.0", "text": '"é\\"q"', "raw": '"AP8="', "flag": "true", "moment": "1768046400",
    "numbers": "[1,9007199254740993]", "words": '["a","b"]', "floats": "[1.0,2.5]", "object": '{"k":7}',
    "document": '"{\\"z\\":[1,2]}"', "id": '"00000000-0000-0000-0000-000000000005"', "price": '"1.50"',
}
# The client guesses types from JSON, and cannot guess that of an empty list or object.
UNGUESSABLE = {"numbers", "words", "floats", "object"}
DEFINITIONS = """
entities:
  - { name: user, join_keys: [user], value_type: int64 }
  - { name: city, join_keys: [city], value_type: string }
feature_views:
  - name: everything
    entities: [user, city]
    source: { type: csv, path: data.csv, timestamp_field: happened }
    schema: [FIELDS]
  - name: expiring
    entities: [user]
    ttl: 1h
    source: { type: csv, path: old.csv, timestamp_field: happened }
    schema: [{ name: i64, dtype: int64 }]
feature_services:
  - { name: service, features: [{ everything: [i64, text] }] }
"""
CONFIGURATION = """
project: client
registry: registry.db
online_store: { type: rocksdb, path: online }
"""


class Checks:
    def __init__(self):
        self.done = self.failed = 0

    def equal(self, what, got, want):
        self.done += 1
        same = type(got) is type(want) and (got == want or got != got and want != want)
        if isinstance(want, list) and same:
            same = [type(item) for item in got] == [type(item) for item in want]
        if not same:
            self.failed += 1
            print(f"{what}: {got!r} ({type(got).__name__}), not {want!r} ({type(want).__name__})")

    def raises(self, what, kind, words, call):
        self.done += 1
        try:
            result = call()
        except kind as error:
            if words in str(error):
                return
            result = f"{error!r}, without {words!r}"
        except Exception as error:
            result = repr(error)
        self.failed += 1
        print(f"{what}: {result}, not {kind.__name__}")


@contextmanager
def served(fstore, directory):
    """The address of a server on a repository, which ends with the block."""
    command = [fstore, "serve", "-p", "0", "-c", str(directory)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        yield re.search(r"http://\S+", line)[0]
    finally:
        server.terminate()
        server.wait(10)


def client(address, folder):
    from feast import FeatureStore
    from feast.repo_config import RepoConfig

    return FeatureStore(config=RepoConfig(
        project="client", provider="local", registry=str(Path(folder) / "feast-registry.db"),
        online_store={"type": "remote", "path": address}, offline_store={"type": "file"},
        entity_key_serialization_version=3))


def init_repository(fstore, directory, checks):
    """The sample data of `fstore init`: the newest row of each driver, by the SDK."""
    subprocess.run([fstore, "init", str(directory)], check=True, capture_output=True)
    subprocess.run([fstore, "apply", "-c", str(directory)], check=True, capture_output=True)
    newest = {}
    with open(directory / "data/driver_stats.csv") as file:
        for row in csv.DictReader(file):
            key = int(row["driver_id"])
            if key not in newest or row["event_timestamp"] >= newest[key]["event_timestamp"]:
                newest[key] = row
    names = ["conv_rate", "acc_rate", "avg_daily_trips"]
    features = [f"driver_hourly_stats:{name}" for name in names]
    with served(fstore, directory) as address, tempfile.TemporaryDirectory() as folder:
        store = client(address, folder)
        rows = [{"driver_id": key} for key in [*newest, 4242, next(iter(newest))]]
        before = store.get_online_features(features, rows).to_dict()
        checks.equal("before a load", before["conv_rate"], [None] * len(rows))
        # The whole load is the server's work.
        now = datetime.now(timezone.utc)
        store.materialize(now - timedelta(days=3650), now)
        store.materialize_incremental(datetime.now(timezone.utc))
        for full in (False, True):
            answer = store.get_online_features(features, rows, full_feature_names=full).to_dict()
            checks.equal("keys", answer["driver_id"], [row["driver_id"] for row in rows])
            for name in names:
                got = answer[f"driver_hourly_stats__{name}" if full else name]
                for row, value in zip(rows, got):
                    known = newest.get(row["driver_id"])
                    want = None
                    if known is not None and name == "avg_daily_trips":
                        want = int(known[name])
                    elif known is not None:
                        want = single(float(known[name]))
                    checks.equal(f"{name} of {row}", value, want)
        columnar = store.get_online_features(features, {"driver_id": [1001, 1002]}).to_dict()
        checks.equal("columnar keys", columnar["driver_id"], [1001, 1002])
        errors(store, features, checks)


def single(value):
    import numpy

    return float(numpy.float32(value))


def errors(store, features, checks):
    """What the SDK raises for a user's mistakes: Feast's classes, with the server's message."""
    from feast.errors import FeatureNameCollisionError, FeatureViewNotFoundException

    rows = [{"driver_id": 1001}]
    checks.raises("unknown view", FeatureViewNotFoundException, "nope",
                  lambda: store.get_online_features(["nope:conv_rate"], rows))
    checks.raises("collision", FeatureNameCollisionError, "conv_rate",
                  lambda: store.get_online_features([features[0], features[0]], rows))
    checks.raises("unknown feature", RuntimeError, "conv_rat",
                  lambda: store.get_online_features(["driver_hourly_stats:conv_rat"], rows))
    checks.raises("no reference", RuntimeError, "view:feature",
                  lambda: store.get_online_features(["driver_hourly_stats"], rows))
    checks.raises("missing key", RuntimeError, "driver_id",
                  lambda: store.get_online_features(features, [{"other": 2}]))
    checks.raises("wrong key", RuntimeError, "driver_id",
                  lambda: store.get_online_features(features, [{"driver_id": "abc"}]))
    checks.raises("half a key", RuntimeError, "driver_id",
                  lambda: store.get_online_features(features, [{"driver_id": 1.5}]))
    checks.raises("unknown view to load", Exception, "nope",
                  lambda: store.materialize(datetime(2026, 1, 1), datetime(2026, 1, 2), ["nope"]))
    checks.raises("wrong window", Exception, "",
                  lambda: store.materialize(datetime(2026, 1, 2), datetime(2026, 1, 1)))
    text = store.get_online_features(features, [{"driver_id": "1001"}]).to_dict()
    number = store.get_online_features(features, rows).to_dict()
    checks.equal("text for a number", text, number)


def cell(value):
    import json

    if value is None:
        return ""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode() if value else '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        value = json.dumps(value)
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if text == "" or any(c in text for c in ',"') else text


def all_types(fstore, directory, checks):
    """Every type by a composite key, null values, unknown keys, an expired row, a service."""
    directory.mkdir()
    fields = ", ".join(f"{{ name: {name}, dtype: {kind} }}" for name, kind in FIELDS.items())
    (directory / "feature_store.yaml").write_text(CONFIGURATION)
    (directory / "views.yaml").write_text(DEFINITIONS.replace("FIELDS", fields))
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [",".join(map(cell, (row[0], row[1], now, *row[2:]))) for row in ROWS]
    (directory / "data.csv").write_text("\n".join([HEADER, *lines]))
    (directory / "old.csv").write_text("user,happened,i64\n1,2026-01-01,5\n")
    for command in ("apply", "materialize"):
        subprocess.run([fstore, command, "-c", str(directory)], check=True, capture_output=True)
    with served(fstore, directory) as address, tempfile.TemporaryDirectory() as folder:
        store = client(address, folder)
        for number, (name, kind) in enumerate(FIELDS.items(), 2):
            rows = [row for row in ROWS if name not in UNGUESSABLE or row[number] not in ([], {})]
            entities = [{"user": row[0], "city": row[1]} for row in rows]
            entities += [{"user": 2**53, "city": "Paris"}, {"user": 1, "city": "\u00e9"}]
            answer = store.get_online_features([f"everything:{name}"], entities).to_dict()
            for row, got in zip([*rows, None, None], answer[name]):
                checks.equal(f"{name} of {row and row[:2]}", got, as_python(row and row[number], kind))
            checks.equal("cities", answer["city"], [entity["city"] for entity in entities])
        wire(address, now, checks)
        expired = store.get_online_features(["expiring:i64"], [{"user": 1}])
        checks.equal("expired", expired.to_dict()["i64"], [None])
        statuses = expired.proto.results[1].statuses
        checks.equal("status of expired", list(statuses), [4])
        both = store.get_online_features(
            ["everything:i64", "expiring:i64"], [{"user": 1, "city": "Paris"}], full_feature_names=True)
        checks.equal("two views", both.to_dict()["everything__i64"], [2**53 + 1])


def wire(address, now, checks):
    """The body of an answer, letter for letter."""
    import requests

    features = [f"everything:{name}" for name in FIELDS]
    answer = requests.post(f"{address}/get-online-features", json={
        "features": features, "entities": {"user": [1, 9], "city": ["Paris", "Paris"]}})
    column = '{{"values":[{},{}],"statuses":["PRESENT","{}"],"event_timestamps":["{}","{}"]}}'
    none = "1970-01-01T00:00:00Z"
    columns = [column.format(1, 9, "PRESENT", none, none),
               column.format('"Paris"', '"Paris"', "PRESENT", none, none)]
    columns += [column.format(WIRE[name], "null", "NOT_FOUND", now, none) for name in FIELDS]
    names = ",".join(f'"{name}"' for name in ["user", "city", *FIELDS])
    checks.equal("the body", answer.content.decode(),
                 f'{{"results":[{",".join(columns)}],"metadata":{{"feature_names":[{names}]}}}}')
    checks.equal("its type", answer.headers["content-type"].split(";")[0], "application/json")


def as_python(value, kind):
    """What the SDK makes of a value, as far as JSON tells it the type."""
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "float32":
        return single(value)
    if kind == "float64" and value != value:
        return "NaN"
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fstore", required=True, help="the program")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    fstore = os.path.abspath(options.fstore)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        init_repository(fstore, Path(folder) / "init", checks)
        all_types(fstore, Path(folder) / "types", checks)
        services_and_writes(fstore, Path(folder) / "writes", checks, client, served)
    print(f"{checks.done} checks of Feast's SDK, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
