"""Services, composite keys and writes through Feast's own SDK, against `fstore serve`.

The SDK knows the same definitions from a registry of its own, as it must for services and writes. It
writes over HTTP in its one way: columns, the times always `event_timestamp` and `created`, without a
zone, in UTC.
"""

import subprocess
import tempfile
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from io import StringIO

import requests

DEFINITIONS = """
entities:
  - { name: user, join_keys: [user], value_type: int64 }
  - { name: city, join_keys: [city], value_type: string }
data_sources:
  - { name: base, type: csv, path: trips.csv, timestamp_field: happened, created_timestamp_column: written }
  - { name: stream, type: push, batch_source: base }
feature_views:
  - name: trips
    entities: [user, city]
    source: stream
    schema:
      - { name: count, dtype: int64 }
      - { name: rate, dtype: float64 }
      - { name: label, dtype: string }
      - { name: flag, dtype: bool }
      - { name: moment, dtype: unix_timestamp }
      - { name: numbers, dtype: array(int64) }
  - name: scores
    entities: [user]
    ttl: 1h
    source: { type: csv, path: scores.csv, timestamp_field: happened }
    schema: [{ name: score, dtype: float32 }]
feature_services:
  - { name: mixed, features: [{ trips: [rate, count] }, { scores: [score] }] }
  - name: friends
    features:
      - { feature_view: scores, features: [score], alias: mine, join_key_map: { user: me } }
      - { feature_view: scores, features: [score], alias: other, join_key_map: { user: friend } }
"""
CONFIGURATION = """
project: client
registry: registry.db
online_store: { type: rocksdb, path: online }
"""
NAMES = ["count", "rate", "label", "flag", "moment", "numbers"]
TRIPS = [f"trips:{name}" for name in NAMES]


def make(directory, now):
    directory.mkdir()
    old, fresh = now - timedelta(days=3), now - timedelta(minutes=5)
    (directory / "feature_store.yaml").write_text(CONFIGURATION)
    (directory / "views.yaml").write_text(DEFINITIONS)
    lines = ["user,city,happened,written,count,rate,label,flag,moment,numbers"]
    for user, city, count in ((1, "Paris", 1), (1, "Rome", 2), (2, "Paris", 2**53 + 1)):
        lines.append(f'{user},{city},{old:%FT%TZ},{old:%FT%TZ},{count},1.0,a,true,60,"[1,2]"')
    (directory / "trips.csv").write_text("\n".join(lines) + "\n")
    scores = [f"1,{fresh:%FT%TZ},0.5", f"2,{fresh:%FT%TZ},1", f"3,{old:%FT%TZ},2"]
    (directory / "scores.csv").write_text("\n".join(["user,happened,score", *scores]) + "\n")


def definitions(directory):
    """The same definitions for the SDK; the files are never read."""
    from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, ValueType
    from feast.types import Array, Bool, Float32, Float64, Int64, String, UnixTimestamp

    user = Entity(name="user", join_keys=["user"], value_type=ValueType.INT64)
    city = Entity(name="city", join_keys=["city"], value_type=ValueType.STRING)
    base = FileSource(name="base", path=str(directory / "trips.parquet"), timestamp_field="happened",
                      created_timestamp_column="written")
    types = [Int64, Float64, String, Bool, UnixTimestamp, Array(Int64)]
    trips = FeatureView(
        name="trips", entities=[user, city], source=PushSource(name="stream", batch_source=base),
        ttl=timedelta(0), schema=[Field(name=name, dtype=kind) for name, kind in zip(NAMES, types)])
    scores = FeatureView(
        name="scores", entities=[user], ttl=timedelta(hours=1), schema=[Field(name="score", dtype=Float32)],
        source=FileSource(name="scores", path=str(directory / "scores.parquet"), timestamp_field="happened"))
    mixed = FeatureService(name="mixed", features=[trips[["rate", "count"]], scores])
    friends = FeatureService(name="friends", features=[
        scores.with_name(alias).with_join_key_map({"user": column})
        for alias, column in (("mine", "me"), ("other", "friend"))])
    return [user, city, trips, scores, mixed, friends]


def services_and_writes(fstore, directory, checks, client, served):
    now = datetime.now(timezone.utc).replace(microsecond=0)
    make(directory, now)
    subprocess.run([fstore, "apply", "-c", str(directory)], check=True, capture_output=True)
    with served(fstore, directory) as address, tempfile.TemporaryDirectory() as folder:
        store = client(address, folder)
        with redirect_stdout(StringIO()):
            store.apply(definitions(directory))
        store.materialize(now - timedelta(days=30), now)
        services(store, checks)
        if subprocess.run([fstore, "push", "--help"], capture_output=True).returncode != 0:
            print("this program has no command push: writes are not checked")
            return
        writes(store, address, checks, now)
        errors(address, checks, now)


def services(store, checks):
    from feast import FeatureService
    from feast.errors import FeatureServiceNotFoundException

    rows = [{"user": 1, "city": "Paris"}, {"user": 1, "city": "Rome"}, {"user": 2, "city": "Paris"},
            {"user": 2, "city": "Rome"}, {"user": 3, "city": "Paris"}, {"user": 1, "city": "Paris"}]
    answer = store.get_online_features(store.get_feature_service("mixed"), rows).to_dict()
    checks.equal("counts by service", answer["count"], [1, 2, 2**53 + 1, None, None, 1])
    checks.equal("rates by service", answer["rate"], [1.0, 1.0, 1.0, None, None, 1.0])
    checks.equal("scores, of which one is older than the ttl", answer["score"],
                 [0.5, 0.5, 1.0, 1.0, None, 0.5])
    pairs = [{"me": 1, "friend": 2}, {"me": 2, "friend": 1}, {"me": 9, "friend": 1}]
    answer = store.get_online_features(store.get_feature_service("friends"), pairs,
                                       full_feature_names=True).to_dict()
    checks.equal("the alias mine", answer["mine__score"], [0.5, 1.0, None])
    checks.equal("the alias other", answer["other__score"], [1.0, 0.5, 0.5])
    unknown = FeatureService(name="nope", features=[])
    checks.raises("unknown service", FeatureServiceNotFoundException, "nope",
                  lambda: store.get_online_features(unknown, rows))


def writes(store, address, checks, now):
    """Rows by each of the three ways; whatever comes in any order, the newest stays."""
    def read(user, city="Oslo"):
        answer = store.get_online_features(TRIPS, [{"user": user, "city": city}]).to_dict()
        return [answer[name][0] for name in NAMES]

    hour = timedelta(hours=1)
    # Not in one call: beside a null the SDK itself rounds a great integer.
    store.write_to_online_store("trips", df=frame([10, 13], now - hour, count=[2**53 + 1, 2**63 - 1],
                                                  numbers=[[1, 2**53 + 1], [0]]))
    store.write_to_online_store("trips", df=frame([11], now - hour, count=[None], numbers=[[5]]))
    checks.equal("written", read(10), [2**53 + 1, 0.5, 'é"q', False, 1768046400, [1, 2**53 + 1]])
    checks.equal("written greatest integer", read(13)[0], 2**63 - 1)
    checks.equal("written null", read(11), [None, 0.5, 'é"q', False, 1768046400, [5]])
    store.push("stream", frame([10], now, count=[7]))
    checks.equal("pushed", read(10)[0], 7)
    store.push("stream", frame([10], now - hour, count=[8]))
    store.write_to_online_store("trips", df=frame([10], now - 2 * hour, count=[9]))
    checks.equal("older rows change nothing", read(10)[0], 7)
    store.push("stream", frame([10], now, count=[6], created=now + hour))
    checks.equal("of one event time the later created", read(10)[0], 6)
    store.push("stream", frame([12, 12], [now, now - hour], count=[1, 2]))
    checks.equal("the newest of one batch, not its last", read(12)[0], 1)
    store.push("stream", frame([1], now - hour, count=[50], city="Paris"))
    checks.equal("pushed over a loaded row", read(1, "Paris")[0], 50)
    store.materialize(now - timedelta(days=30), now)
    checks.equal("a load of older rows changes nothing", read(1, "Paris")[0], 50)
    direct = {"user": [20], "city": ["Oslo"], "event_timestamp": [now.isoformat()],
              "created": [now.replace(tzinfo=None).isoformat()], "count": [3], "rate": [0.5],
              "label": ["a"], "flag": [True], "moment": [1768046400], "numbers": [[1]]}
    for path, name in (("push", "push_source_name"), ("write-to-online-store", "feature_view_name")):
        direct["count"] = [direct["count"][0] + 1]
        direct["event_timestamp"] = [f"{now + direct['count'][0] * timedelta(microseconds=1):%FT%T.%f}"]
        answer = requests.post(f"{address}/{path}", json={
            name: "stream" if path == "push" else "trips", "df": direct})
        checks.equal(f"POST /{path}", answer.status_code, 200)
        checks.equal(f"read after POST /{path}", read(20)[0], direct["count"][0])
    # The columns under the names that the source has.
    renamed = {{"event_timestamp": "happened", "created": "written"}.get(name, name): values
               for name, values in direct.items()} | {"count": [5], "user": [21]}
    answer = requests.post(f"{address}/push", json={"push_source_name": "stream", "df": renamed})
    checks.equal("POST /push with the source's names", answer.status_code, 200)
    checks.equal("read after it", read(21)[0], 5)


def frame(users, moment, count, numbers=None, created=None, city="Oslo"):
    """Rows as the SDK wants them, whose source calls its times `happened` and `written`."""
    import pandas

    moments = moment if isinstance(moment, list) else [moment] * len(users)
    size = len(users)
    return pandas.DataFrame({
        "user": users, "city": [city] * size, "happened": moments,
        "written": [created or at for at in moments], "count": pandas.array(count, dtype="Int64"),
        "rate": [0.5] * size, "label": ['é"q'] * size, "flag": [False] * size,
        "moment": [datetime.fromtimestamp(1768046400, timezone.utc)] * size,
        "numbers": numbers or [[1]] * size})


def errors(address, checks, now):
    """What a mistake in a write answers."""
    good = {"user": [1], "city": ["Paris"], "event_timestamp": [now.isoformat()],
            "created": [now.isoformat()], "count": [1], "rate": [0.5], "label": ["a"], "flag": [True],
            "moment": [60], "numbers": [[1]]}

    def post(path, body):
        answer = requests.post(f"{address}/{path}", json=body)
        return answer.status_code, answer.text

    for what, status, words, path, body in (
        ("unknown push source", 422, "PushSourceNotFoundException", "push",
         {"push_source_name": "nope", "df": good}),
        ("unknown view", 404, "FeastObjectNotFoundException", "write-to-online-store",
         {"feature_view_name": "nope", "df": good}),
        ("missing column", 4, "count", "push",
         {"push_source_name": "stream", "df": {k: v for k, v in good.items() if k != "count"}}),
        ("ragged columns", 4, "", "push", {"push_source_name": "stream", "df": good | {"count": [1, 2]}}),
        ("no time", 4, "", "push", {"push_source_name": "stream", "df": good | {"event_timestamp": ["soon"]}}),
        ("wrong type", 4, "count", "push", {"push_source_name": "stream", "df": good | {"count": ["x"]}}),
        ("unknown destination", 4, "", "push", {"push_source_name": "stream", "df": good, "to": "nowhere"}),
    ):
        got, text = post(path, body)
        checks.equal(f"{what}: status", got if status > 9 else got // 100, status)
        checks.equal(f"{what}: says {words}", words in text, True)
