#!/usr/bin/env python3
"""The registry that `fstore export-feast` writes, read by Feast's own SDK, field by field.

    feast_registry.py --fstore .build/release/fstore

Applies a repository with everything that definitions can say, exports it, opens the export with
`feast.FeatureStore` (online store `{type: remote}`), and compares every object with the YAML. Then
reads, writes and pushes through the SDK to a server that records what it is sent; and imports the
export again. Needs `feast[duckdb]==0.67.0`.
"""

import argparse
import http.server
import json
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import warnings
from datetime import timedelta
from pathlib import Path

CONFIGURATION = """
project: everything
registry: data/registry.db
offline_store: { type: sqlite, path: data/offline.db }
online_store: { type: rocksdb, path: data/online }
"""
FIELDS = {
    "i32": ("int32", "INT32"), "i64": ("int64", "INT64"), "f32": ("float32", "FLOAT"),
    "f64": ("float64", "DOUBLE"), "text": ("string", "STRING"), "raw": ("bytes", "BYTES"),
    "flag": ("bool", "BOOL"), "moment": ("unix_timestamp", "UNIX_TIMESTAMP"),
    "a_i32": ("array(int32)", "INT32_LIST"), "a_i64": ("array(int64)", "INT64_LIST"),
    "a_f32": ("array(float32)", "FLOAT_LIST"), "a_f64": ("array(float64)", "DOUBLE_LIST"),
    "a_text": ("array(string)", "STRING_LIST"), "a_raw": ("array(bytes)", "BYTES_LIST"),
    "a_flag": ("array(bool)", "BOOL_LIST"),
    "a_moment": ("array(unix_timestamp)", "UNIX_TIMESTAMP_LIST"), "object": ("map", "MAP"),
    "document": ("json", "JSON"), "id": ("uuid", "UUID"), "price": ("decimal", "DECIMAL"),
}
DEFINITIONS = """
entities:
  - { name: driver, join_keys: [driver_id], value_type: int64, description: a driver,
      owner: fleet@example.com, tags: { team: fleet } }
  - { name: route, join_keys: [origin, destination],
      value_type: { origin: string, destination: int32 } }
data_sources:
  - { name: stats, type: csv, path: data/stats.csv, timestamp_field: event_timestamp,
      created_timestamp_column: created, field_mapping: { trips: daily }, delimiter: ";",
      timezone: America/New_York, description: hourly, owner: me, tags: { a: b } }
  - { name: table, type: sqlite, path: data/w.db, query: "SELECT * FROM t", timestamp_field: at }
  - { name: names, type: csv, path: data/names.csv }
  - { name: driver_push, type: push, batch_source: stats, description: pushed }
  - { name: alone, type: push }
  - { name: request, type: request, schema: [{ name: val, dtype: int64, description: added }] }
feature_views:
  - name: types
    entities: [driver]
    ttl: 90s
    schema: [FIELDS]
    source: stats
    description: all types
    owner: ml@example.com
    tags: { stage: test }
  - { name: hourly, entities: [driver], ttl: 1d, source: driver_push,
      schema: [{ name: rate, dtype: float32, description: a rate, tags: { unit: "1" } },
               { name: daily, dtype: int64 }] }
  - { name: routes, entities: [route, driver], online: false, source: table,
      schema: [{ name: miles, dtype: float64 }] }
  - { name: everywhere, source: names, schema: [{ name: holiday, dtype: bool }] }
  - { name: pushed, entities: [driver], source: alone, schema: [{ name: score, dtype: float64 }] }
on_demand_feature_views:
  - name: computed
    sources: [hourly, request]
    description: on demand
    tags: { x: y }
    features:
      - { name: rate_plus_val, dtype: float64, expression: "rate + val" }
feature_services:
  - name: activity
    description: what a model reads
    owner: ml@example.com
    tags: { model: "1" }
    features:
      - hourly: [rate]
      - computed
      - everywhere
  - name: pairs
    features:
      - { feature_view: hourly, alias: first, join_key_map: { driver_id: first_id } }
      - { feature_view: hourly, features: [daily], alias: second,
          join_key_map: { driver_id: second_id } }
"""


class Checks:
    def __init__(self):
        self.done = self.failed = 0

    def equal(self, what, got, want):
        self.done += 1
        if got != want:
            self.failed += 1
            print(f"{what}: {got!r}, not {want!r}")


class Recorder(http.server.ThreadingHTTPServer):
    """A feature server that remembers what it is sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, json.loads(body)))
        answer = None
        if self.path == "/get-online-features":
            answer = {
                "metadata": {"feature_names": ["rate"]},
                "results": [{"values": [0.5], "statuses": ["PRESENT"], "event_timestamps": [""]}],
            }
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def fields(columns):
    return {column.name: column.dtype.to_value_type().name for column in columns}


def own_tags(tags):
    return {key: value for key, value in tags.items() if not key.startswith("fstore.")}


def check_entities(checks, store):
    entities = {entity.name: entity for entity in store.list_entities()}
    checks.equal("entities", sorted(entities), ["driver", "route_destination", "route_origin"])
    driver = entities["driver"]
    checks.equal("driver", (driver.join_key, driver.value_type.name, driver.description, driver.owner,
                            driver.tags), ("driver_id", "INT64", "a driver", "fleet@example.com",
                                           {"team": "fleet"}))
    for name, key, kind in (("route_origin", "origin", "STRING"),
                            ("route_destination", "destination", "INT32")):
        checks.equal(name, (entities[name].join_key, entities[name].value_type.name), (key, kind))


def check_sources(checks, store):
    sources = {source.name: source for source in store.list_data_sources()}
    checks.equal("sources", sorted(sources),
                 ["alone", "driver_push", "names", "request", "stats", "table"])
    stats = sources["stats"]
    checks.equal("stats", (type(stats).__name__, stats.path, stats.timestamp_field,
                           stats.created_timestamp_column, stats.field_mapping, stats.description,
                           stats.owner, own_tags(stats.tags)),
                 ("FileSource", "data/stats.csv", "event_timestamp", "created", {"trips": "daily"},
                  "hourly", "me", {"a": "b"}))
    checks.equal("stats tags", {key: value for key, value in stats.tags.items() if key != "a"},
                 {"fstore.type": "csv", "fstore.delimiter": ";",
                  "fstore.timezone": "America/New_York"})
    checks.equal("table", (sources["table"].path, sources["table"].timestamp_field,
                           sources["table"].tags["fstore.query"]),
                 ("data/w.db", "at", "SELECT * FROM t"))
    push = sources["driver_push"]
    checks.equal("driver_push", (type(push).__name__, push.batch_source.name, push.description),
                 ("PushSource", "stats", "pushed"))
    checks.equal("driver_push's batch source", push.batch_source, stats)
    checks.equal("alone", (type(sources["alone"]).__name__, sources["alone"].batch_source),
                 ("PushSource", None))
    request = sources["request"]
    checks.equal("request", (type(request).__name__, fields(request.schema),
                             request.schema[0].description),
                 ("RequestSource", {"val": "INT64"}, "added"))


def check_views(checks, store):
    views = {view.name: view for view in store.list_feature_views()}
    checks.equal("views", sorted(views), ["everywhere", "hourly", "pushed", "routes", "types"])
    types = views["types"]
    checks.equal("types", fields(types.features), {name: kind for name, (_, kind) in FIELDS.items()})
    checks.equal("types' order", [column.name for column in types.features], list(FIELDS))
    checks.equal("types' rest", (types.ttl, types.online, types.entities, fields(types.entity_columns),
                                 types.description, types.owner, own_tags(types.tags),
                                 types.batch_source.name, types.join_keys, types.enabled),
                 (timedelta(seconds=90), True, ["driver"], {"driver_id": "INT64"}, "all types",
                  "ml@example.com", {"stage": "test"}, "stats", ["driver_id"], True))
    hourly = views["hourly"]
    checks.equal("hourly", (hourly.ttl, hourly.batch_source.name, hourly.stream_source.name,
                            hourly.features[0].description, hourly.features[0].tags),
                 (timedelta(days=1), "stats", "driver_push", "a rate", {"unit": "1"}))
    routes = views["routes"]
    checks.equal("routes", (routes.ttl, routes.online, routes.entities, routes.join_keys,
                            fields(routes.entity_columns)),
                 (timedelta(0), False, ["route_origin", "route_destination", "driver"],
                  ["origin", "destination", "driver_id"],
                  {"origin": "STRING", "destination": "INT32", "driver_id": "INT64"}))
    # The SDK hides the entity of views without one in lists.
    everywhere = store.registry.get_feature_view("everywhere", "everything")
    checks.equal("everywhere", (everywhere.entities, everywhere.join_keys),
                 (["__dummy"], ["__dummy_id"]))
    checks.equal("pushed", (views["pushed"].stream_source.name, views["pushed"].online),
                 ("alone", True))
    computed = store.list_on_demand_feature_views()
    checks.equal("on-demand views", [view.name for view in computed], ["computed"])
    checks.equal("computed", (fields(computed[0].features), computed[0].description,
                              own_tags(computed[0].tags),
                              sorted(computed[0].source_feature_view_projections),
                              sorted(computed[0].source_request_sources)),
                 ({"rate_plus_val": "DOUBLE"}, "on demand", {"x": "y"}, ["hourly"], ["request"]))


def check_services(checks, store):
    checks.equal("services", sorted(service.name for service in store.list_feature_services()),
                 ["activity", "pairs"])
    activity = store.get_feature_service("activity")
    checks.equal("activity", (activity.description, activity.owner, activity.tags),
                 ("what a model reads", "ml@example.com", {"model": "1"}))
    checks.equal("activity's features",
                 [(item.name, item.name_to_use(), fields(item.features))
                  for item in activity.feature_view_projections],
                 [("hourly", "hourly", {"rate": "FLOAT"}),
                  ("computed", "computed", {"rate_plus_val": "DOUBLE"}),
                  ("everywhere", "everywhere", {"holiday": "BOOL"})])
    pairs = store.get_feature_service("pairs")
    checks.equal("pairs",
                 [(item.name, item.name_to_use(), fields(item.features), item.join_key_map)
                  for item in pairs.feature_view_projections],
                 [("hourly", "first", {"rate": "FLOAT", "daily": "INT64"},
                   {"driver_id": "first_id"}),
                  ("hourly", "second", {"daily": "INT64"}, {"driver_id": "second_id"})])


def check_traffic(checks, store, server):
    import pandas as pd

    when = pd.Timestamp("2026-01-01", tz="UTC")
    answer = store.get_online_features(store.get_feature_service("activity"),
                                       [{"driver_id": 1, "val": 2}]).to_dict()
    checks.equal("the answer", answer, {"rate": [0.5]})
    path, body = server.requests.pop()
    checks.equal("a read", (path, body["entities"], body["feature_service"]),
                 ("/get-online-features", {"driver_id": [1], "val": [2]}, "activity"))
    frames = {
        "hourly": {"driver_id": [1], "rate": [0.5], "daily": [3]},
        "routes": {"origin": ["a"], "destination": [1], "driver_id": [1], "miles": [2.5]},
        "everywhere": {"holiday": [True]},
        "pushed": {"driver_id": [1], "score": [0.25]},
    }
    times = {"hourly": "event_timestamp", "routes": "at"}
    for view, columns in frames.items():
        frame = pd.DataFrame({**columns, times.get(view, "event_timestamp"): [when]})
        if view == "hourly":
            frame["created"] = when
        store.write_to_online_store(view, frame)
        path, body = server.requests.pop()
        checks.equal(f"a write to {view}", (path, body["feature_view_name"]),
                     ("/write-to-online-store", view))
        for name, values in columns.items():
            checks.equal(f"a write to {view}, {name}", body["df"].get(name), values)
    for source, views in (("driver_push", ["hourly", "types"]), ("alone", ["pushed"])):
        columns = {**frames["hourly" if source == "driver_push" else "pushed"]}
        if source == "driver_push":
            # The SDK sends no row of nulls alone.
            columns.update({name: [5 if name == "i64" else None] for name in FIELDS})
        frame = pd.DataFrame({**columns, "event_timestamp": [when], "created": [when]})
        store.push(source, frame)
        sent = sorted(body["feature_view_name"] for _, body in server.requests)
        checks.equal(f"a push to {source}", sent, views)
        server.requests.clear()


def sorted_lists(value):
    """JSON without the order of lists that Feast does not keep."""
    if isinstance(value, dict):
        return {key: sorted_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((sorted_lists(item) for item in value), key=lambda item: json.dumps(item))
    return value


def check_dump(checks, store, dump):
    """`fstore registry-dump` says of entities and sources what Feast's command says."""
    theirs = sorted_lists(store.registry.to_dict("everything"))
    ours = sorted_lists(dump)
    checks.equal("the dump's project", ours["project"], theirs["project"])

    def comparable(objects, spec):
        """Without what the SDK reads, and does not write again."""
        found = {}
        for item in objects:
            inner = dict(item["spec"] if spec else item)
            for key in ("project", "meta", "batchSource", "dataSourceClassType"):
                inner.pop(key, None)
            if inner["name"] == "alone":
                inner.pop("timestampField", None)
            found[inner["name"]] = inner
        return found

    for key in ("entities", "featureServices"):
        want = comparable(theirs[key], True)
        got = comparable(ours[key], True)
        checks.equal(f"the dump's {key}", sorted(got), sorted(want))
        if key == "entities":
            for name in want:
                checks.equal(f"the dump's {name}", got[name], want[name])
    for name, want in comparable(theirs["dataSources"], False).items():
        checks.equal(f"the dump's {name}", comparable(ours["dataSources"], False)[name], want)


def write_data(folder):
    """The sources, without rows."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    columns = ["driver_id", "event_timestamp", "created", "trips", "rate", *FIELDS]
    (data / "stats.csv").write_text(";".join(columns) + "\n")
    (data / "names.csv").write_text("holiday\n")
    database = sqlite3.connect(data / "w.db")
    database.execute("CREATE TABLE t (origin TEXT, destination INT, driver_id INT, at TEXT, miles REAL)")
    database.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fstore", required=True)
    fstore = os.path.abspath(parser.parse_args().fstore)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    from feast import FeatureStore

    def run(*arguments):
        done = subprocess.run([fstore, *arguments], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"fstore {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    checks = Checks()
    server = Recorder()
    with tempfile.TemporaryDirectory() as folder:
        repository, client = Path(folder, "repository"), Path(folder, "client")
        repository.mkdir()
        client.mkdir()
        schema = ", ".join(f"{{ name: {name}, dtype: {kind} }}" for name, (kind, _) in FIELDS.items())
        (repository / "feature_store.yaml").write_text(CONFIGURATION)
        (repository / "all.yaml").write_text(DEFINITIONS.replace("FIELDS", schema))
        write_data(repository)
        run("apply", "-c", str(repository))
        run("export-feast", str(client / "registry.db"), "-c", str(repository))
        (client / "feature_store.yaml").write_text(
            "project: everything\nregistry: registry.db\nentity_key_serialization_version: 3\n"
            f"online_store: {{type: remote, path: \"{server.address}\"}}\n"
        )
        store = FeatureStore(str(client))
        check_entities(checks, store)
        check_sources(checks, store)
        check_views(checks, store)
        check_services(checks, store)
        check_dump(checks, store, json.loads(run("registry-dump", "-c", str(repository))))
        check_traffic(checks, store, server)
        # What the SDK read and wrote again is still a registry of ours.
        run("import-feast", str(client / "registry.db"), str(Path(folder, "again")))
        again = str(Path(folder, "again"))
        write_data(Path(again))
        run("apply", "-c", again)
        for kind in ("entities", "data-sources", "feature-views", "on-demand-feature-views",
                     "feature-services"):
            before = run(kind, "list", "--json", "-c", str(repository))
            checks.equal(f"{kind} after an import", json.loads(run(kind, "list", "--json", "-c", again)),
                         json.loads(before))
    print(f"{checks.done} checks, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
