#!/usr/bin/env python3
"""A client of gRPC against `fstore serve --grpc-port`, and the matrix of float32.

    grpc_client.py --fstore .build-grpc/debug/fstore --seeds 1:40

Serves random repositories, and one with request data and errors of every kind. Each request goes over
gRPC, over HTTP as JSON and, where all features are numbers, as a matrix that the reader of
docs/serving.md takes apart; the answers must hold the same, cell by cell. Then 16 clients at a time,
and a shutdown under their load. Needs what grpc-requirements.txt names, and the messages made from
Sources/FeastProtos/feast_serving.proto.
"""

import argparse
import base64
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import feast_serving_pb2 as messages
import feast_serving_pb2_grpc as services
import grpc
import numpy
from grpc_health.v1 import health_pb2, health_pb2_grpc

import values
from repository import KEY_POOL, Repository

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
STATUSES = {name: number for name, number in messages.FieldStatus.items()}
NUMBERS = {"int32", "int64", "float32", "float64", "bool", "unix_timestamp"}
CODES = {400: grpc.StatusCode.INVALID_ARGUMENT, 404: grpc.StatusCode.NOT_FOUND,
         409: grpc.StatusCode.ABORTED}
DEFINITIONS = """
entities:
  - { name: driver, join_keys: [driver_id], value_type: int64 }
  - { name: trip, join_keys: [driver_id, city], value_type: { driver_id: int64, city: string } }
data_sources:
  - { name: stats, type: csv, path: stats.csv, timestamp_field: happened }
  - { name: trips, type: csv, path: trips.csv, timestamp_field: happened }
  - name: request
    type: request
    schema: [{ name: add, dtype: int64 }, { name: weights, dtype: array(float64) },
             { name: raw, dtype: bytes }]
feature_views:
  - name: stats
    entities: [driver]
    ttl: 10d
    source: stats
    schema: [{ name: rate, dtype: float64 }, { name: trips, dtype: int64 }]
  - name: trips
    entities: [trip]
    source: trips
    schema: [{ name: rate, dtype: float32 }]
  - name: offline
    entities: [driver]
    online: false
    source: stats
    schema: [{ name: rate, dtype: float64 }]
on_demand_feature_views:
  - name: computed
    sources: [stats, request]
    features:
      - { name: sum, dtype: int64, expression: "trips + add" }
      - { name: first, dtype: float64, expression: "weights ->> '$[0]'" }
      - { name: size, dtype: int64, expression: "length(raw)" }
feature_services:
  - { name: all, features: [computed, stats: [rate], trips: [rate]] }
"""


class Difference(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Difference(message)


class Server:
    """A server on a repository, and its three ways of asking."""

    def __init__(self, fstore, directory):
        command = [fstore, "serve", "-p", "0", "--grpc-port", "0", "--json", "-c", str(directory)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        lines = iter(self.process.stdout.readline, "}\n")
        where = json.loads("".join(lines) + "}")
        self.http, self.grpc = where["address"], where["grpc_address"]
        self.channel = self.open()
        self.stub = services.ServingServiceStub(self.channel)

    def open(self):
        # Clients of gRPC refuse answers of more than 4 MB unless they are told otherwise; a channel
        # of its own has a connection of its own.
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.insecure_channel(self.grpc, options=options)

    def post(self, body, accept=None):
        """The status, and the body, as JSON unless it was asked for otherwise."""
        headers = {"Accept": accept} if accept else {}
        request = urllib.request.Request(
            f"{self.http}/get-online-features", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request) as answer:
                content = answer.read()
                return answer.status, content if accept else json.loads(content)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self):
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(15) == 0, f"the server ended with {self.process.returncode}")


@contextmanager
def served(fstore, directory):
    server = Server(fstore, directory)
    try:
        yield server
        if server.process.poll() is None:
            server.stop()
    finally:
        server.process.kill()


def run(fstore, directory, *arguments):
    done = subprocess.run([fstore, *arguments, "-c", str(directory)], capture_output=True, text=True)
    check(done.returncode == 0, f"{arguments}: {done.stderr}")


# Values


def key_as_json(value, kind):
    if value is None or kind in ("int32", "int64", "string"):
        return value
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return values.spell_utc(value)


def key_as_message(rng, value, kind):
    """A key as its own kind, or as the text that HTTP has for it."""
    if value is None:
        return rng.choice([messages.Value(), messages.Value(null_val=0)])
    if rng.random() < 0.3 and kind != "bytes":
        return messages.Value(string_val=str(key_as_json(value, kind)))
    if kind == "int32":
        return messages.Value(int32_val=value)
    if kind == "int64":
        return messages.Value(int64_val=value)
    if kind == "string":
        return messages.Value(string_val=value)
    if kind == "bytes":
        return messages.Value(bytes_val=value)
    if value % 1_000_000 == 0:
        return messages.Value(unix_timestamp_val=value // 1_000_000)
    return messages.Value(string_val=values.spell_utc(value))


def plain(value):
    """A value of an answer as it stands in the JSON answer."""
    kind = value.WhichOneof("val")
    if kind is None or kind == "null_val":
        return None
    content = getattr(value, kind)
    if kind == "map_val":
        return {name: plain(member) for name, member in content.val.items()}
    if kind == "list_val":
        return [plain(item) for item in content.val]
    if kind.endswith("_list_val"):
        return [scalar(item) for item in content.val]
    return scalar(content)


def scalar(content):
    if isinstance(content, bytes):
        return base64.b64encode(content).decode()
    if isinstance(content, float) and content != content:
        return "NaN"
    if content in (float("inf"), float("-inf")):
        return "Infinity" if content > 0 else "-Infinity"
    return content


def same(got, want):
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(
            same(got[name], want[name]) for name in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, int) and not isinstance(want, bool) and not -(2**63) <= want < 2**63:
        want = float(want)
    if isinstance(want, float) and isinstance(got, float):
        return struct.pack("<d", got) == struct.pack("<d", want)
    if isinstance(want, float) and got in ("Infinity", "-Infinity"):
        return float(got) == want
    return type(got) is type(want) and got == want


def instant(text):
    """Microseconds of an RFC 3339 time in UTC."""
    moment, _, fraction = text.rstrip("Z").partition(".")
    whole = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (whole - EPOCH) // timedelta(microseconds=1) + int(fraction.ljust(6, "0") or 0)


# Comparison


def compare(server, body, request, reader, counts):
    """One request in every form; the answers hold the same."""
    status, want = server.post(body)
    if status != 200:
        return compare_error(server, want, status, request, counts)
    answer = server.stub.GetOnlineFeatures(request)
    names = want["metadata"]["feature_names"]
    check(sorted(answer.metadata.feature_names.val) == sorted(names), f"{answer.metadata} not {names}")
    # A map has no order: the join keys may come in another one, the features may not.
    keys = len(names) - sum(name not in body["entities"] for name in names)
    check(answer.metadata.feature_names.val[keys:] == names[keys:], "the order of the features")
    check(len(answer.results) == len(names), "one result for each name")
    for name, result in zip(answer.metadata.feature_names.val, answer.results):
        column = want["results"][names.index(name)]
        got = [plain(value) for value in result.values]
        counts["cells"] += len(got)
        for row, (left, right) in enumerate(zip(got, column["values"], strict=True)):
            check(same(left, right), f"{name} in row {row}: {left!r}, not {right!r}")
        check(list(result.statuses) == [STATUSES[text] for text in column["statuses"]],
              f"{name}: {result.statuses} not {column['statuses']}")
        times = [time.seconds * 1_000_000 + time.nanos // 1_000 for time in result.event_timestamps]
        check(times == [instant(text) for text in column["event_timestamps"]],
              f"{name}: {times} not {column['event_timestamps']}")
    compare_matrix(server, body, want, keys, reader, counts)


def compare_matrix(server, body, want, keys, reader, counts):
    status, content = server.post(body, accept="application/x-fstore-f32")
    names, results = want["metadata"]["feature_names"][keys:], want["results"][keys:]
    if status == 406:
        check("leave out what is no number" in content["detail"], content["detail"])
        counts["refused matrices"] += 1
        return
    check(status == 200, f"{status}: {content}")
    got_names, matrix, is_null, statuses = reader(content)
    check(got_names == names, f"{got_names} not {names}")
    for index, result in enumerate(results):
        check([STATUSES[text] for text in result["statuses"]] == statuses[:, index].tolist(),
              f"the statuses of {names[index]}")
        for row, value in enumerate(result["values"]):
            got = matrix[row, index]
            check(is_null[row, index] == (value is None), f"{names[index]} in row {row}: null")
            wanted = numpy.nan if value is None else value
            if isinstance(wanted, str):
                wanted = float(wanted)
            with numpy.errstate(over="ignore"):
                wanted = numpy.float32(wanted)
            # JSON has whole seconds; the column of a matrix does not say which one is a time.
            close = numpy.isclose(got, wanted, rtol=2**-22, atol=1) if isinstance(value, int) else False
            check(numpy.array_equal(got, wanted, equal_nan=True) or close,
                  f"{names[index]} in row {row}: {got!r}, not {wanted!r}")
            counts["cells of matrices"] += 1


def compare_error(server, want, status, request, counts):
    """The same words over both ways."""
    message = json.loads(want)["message"] if isinstance(want, str) else want["detail"]
    try:
        server.stub.GetOnlineFeatures(request)
    except grpc.RpcError as error:
        expected = {CODES[status]}
        # Feast's status for missing request data is 404, ours for an unknown feature 400.
        if "Required request data" in message:
            expected = {grpc.StatusCode.INVALID_ARGUMENT}
        if re.match("feature view .* has no feature|.* has no feature", message):
            expected = {grpc.StatusCode.NOT_FOUND}
        check(error.code() in expected, f"{error.code()} for {status}: {message}")
        check(error.details() == message, f"{error.details()!r}, not {message!r}")
        counts["errors"] += 1
        return
    raise Difference(f"an answer, where HTTP says {message}")


# Random repositories


def random_repository(fstore, seed, reader, counts):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(rng, Path(folder) / "repository")
        run(fstore, repository.directory, "apply")
        run(fstore, repository.directory, "materialize")
        with served(fstore, repository.directory) as server:
            for _ in range(8):
                features, arguments = repository.selection()
                body = {"entities": {}, "full_feature_names": rng.random() < 0.5}
                request = messages.GetOnlineFeaturesRequest(
                    full_feature_names=body["full_feature_names"])
                if arguments[0] == "--feature-service":
                    body["feature_service"] = request.feature_service = arguments[1]
                else:
                    if rng.random() < 0.5:
                        some = [item for item in features if item[2] in NUMBERS]
                        features = some or features
                    body["features"] = [f"{view.name}:{name}" for view, name, _ in features]
                    request.features.val.extend(body["features"])
                kinds = dict(key for view, _, _ in features for key in view.join_keys)
                if rng.random() < 0.05 and kinds:
                    kinds.popitem()
                count = rng.choice([0, 1, 3, 10])
                for name, kind in kinds.items():
                    ids = [rng.choice([*KEY_POOL[kind], None]) for _ in range(count)]
                    body["entities"][name] = [key_as_json(key, kind) for key in ids]
                    request.entities[name].val.extend(key_as_message(rng, key, kind) for key in ids)
                compare(server, body, request, reader, counts)
                counts["requests"] += 1


# One repository with everything that random ones lack


def fixed_repository(fstore, reader, counts):
    now = datetime.now(timezone.utc)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "feature_store.yaml").write_text(
            "project: client\nregistry: registry.db\nonline_store: { type: rocksdb, path: online }\n")
        (directory / "views.yaml").write_text(DEFINITIONS)
        fresh, old = now - timedelta(hours=1), now - timedelta(days=30)
        (directory / "stats.csv").write_text(
            f"driver_id,happened,rate,trips\n1,{fresh.isoformat()},0.1,{2**53 + 1}\n"
            f"2,{fresh.isoformat()},,7\n3,{old.isoformat()},0.5,8\n")
        (directory / "trips.csv").write_text(
            f"driver_id,city,happened,rate\n1,Paris,{fresh.isoformat()},0.1\n"
            f"1,Rome,{fresh.isoformat()},0.2\n")
        run(fstore, directory, "apply")
        run(fstore, directory, "materialize")
        with served(fstore, directory) as server:
            fixed_requests(server, reader, counts)
            other_calls(server)
            together(server, reader, counts)
            shutdown_under_load(server, counts)


def fixed_requests(server, reader, counts):
    features = ["computed:sum", "computed:first", "computed:size", "stats:rate", "trips:rate"]
    ids, cities = [1, 2, 3, 4, 1], ["Paris", "Rome", "", "Paris", "Rome"]
    data = {"add": [1, 2, None, 4, 5], "weights": [[0.5], [], [1, 2], [2.5], None],
            "raw": [b"", b"\0\xff", b"abc", None, b"a"]}
    body = {"entities": {"driver_id": ids, "city": cities, "add": data["add"],
                         "weights": [item and json.dumps(item) for item in data["weights"]],
                         "raw": [item if item is None else base64.b64encode(item).decode()
                                 for item in data["raw"]]}}
    body["entities"]["weights"] = [None if item is None else json.dumps(item) for item in data["weights"]]
    request = messages.GetOnlineFeaturesRequest()
    request.entities["driver_id"].val.extend(messages.Value(int64_val=key) for key in ids)
    request.entities["city"].val.extend(messages.Value(string_val=city) for city in cities)
    context = request.request_context
    context["add"].val.extend(
        messages.Value() if item is None else messages.Value(int32_val=item) for item in data["add"])
    context["weights"].val.extend(
        messages.Value() if item is None
        else messages.Value(double_list_val=messages.DoubleList(val=item)) for item in data["weights"])
    context["raw"].val.extend(
        messages.Value() if item is None else messages.Value(bytes_val=item) for item in data["raw"])
    for full in (False, True):
        for service in (False, True):
            request.full_feature_names = body["full_feature_names"] = full
            body.pop("features", None), body.pop("feature_service", None)
            if service:
                body["feature_service"] = request.feature_service = "all"
            else:
                body["features"] = features if full else features[:4]
                request.features.val[:] = body["features"]
            compare(server, body, request, reader, counts)
            counts["requests"] += 1

    def wrong(names=(), service=None, **entities):
        body = {"entities": {name: [item if item is not None else 0.5 for item in items]
                             for name, items in entities.items()}}
        request = messages.GetOnlineFeaturesRequest()
        if service:
            body["feature_service"] = request.feature_service = service
        else:
            body["features"] = list(names)
            request.features.val.extend(names)
        for name, items in entities.items():
            request.entities[name].val.extend(
                messages.Value(string_val=item) if isinstance(item, str)
                else messages.Value(double_val=0.5) if item is None
                else messages.Value(int64_val=item) for item in items)
        before = counts["errors"]
        compare(server, body, request, reader, counts)
        check(counts["errors"] == before + 1, f"no error for {body}")

    wrong(["nope:rate"], driver_id=[1])
    wrong(service="nope", driver_id=[1])
    wrong(["stats:nope"], driver_id=[1])
    wrong(["stats"], driver_id=[1])
    wrong(["stats:rate", "stats:rate"], driver_id=[1])
    wrong(["stats:rate"], driver=["x"])
    wrong(["stats:rate"], driver_id=["abc"])
    wrong(["stats:rate"], driver_id=[None])
    wrong(["trips:rate"], driver_id=[1])
    wrong(["trips:rate"], city=["a", "b"], driver_id=[1])
    wrong(["offline:rate"], driver_id=[1])
    wrong(["computed:sum"], driver_id=[1])
    wrong(["stats:rate"], driver_id=[1] * 10_001)
    wrong(["stats:rate"] * 5_001, driver_id=[1])


def other_calls(server):
    info = server.stub.GetFeastServingInfo(messages.GetFeastServingInfoRequest())
    check(re.fullmatch(r"\d+\.\d+\.\d+", info.version), info.version)

    def code_of(method, request=b"", service="feast.serving.ServingService"):
        call = server.channel.unary_unary(f"/{service}/{method}")
        try:
            call(request)
        except grpc.RpcError as error:
            return error.code(), error.details()
        return grpc.StatusCode.OK, ""

    code, words = code_of("GetOnlineFeaturesRange")
    check(code == grpc.StatusCode.UNIMPLEMENTED and "GetOnlineFeatures for it" in words, words)
    check(code_of("Nope")[0] == grpc.StatusCode.UNIMPLEMENTED, "an unknown method")
    code, words = code_of("GetOnlineFeatures")
    check(code == grpc.StatusCode.INVALID_ARGUMENT and "No features specified" in words, words)
    code, words = code_of("GetOnlineFeatures", b"\xff\xff")
    check(code == grpc.StatusCode.INVALID_ARGUMENT and "GetOnlineFeaturesRequest" in words, words)
    code, words = code_of("GetOnlineFeatures", bytes(10_000_001))
    check(code == grpc.StatusCode.RESOURCE_EXHAUSTED, f"{code}: {words}")

    health = health_pb2_grpc.HealthStub(server.channel)
    for name in ("", "feast.serving.ServingService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=name))
        check(answer.status == health_pb2.HealthCheckResponse.SERVING, f"the health of {name!r}")
    code, _ = code_of("Check", b"\n\x04nope", "grpc.health.v1.Health")
    check(code == grpc.StatusCode.NOT_FOUND, "the health of an unknown service")


def simple_request(count):
    request = messages.GetOnlineFeaturesRequest()
    request.features.val.append("stats:trips")
    request.entities["driver_id"].val.extend(
        messages.Value(int64_val=1 + number % 2) for number in range(count))
    return request


def is_right(answer, count):
    wanted = [(2**53 + 1, 7)[number % 2] for number in range(count)]
    return [value.int64_val for value in answer.results[1].values] == wanted


def together(server, reader, counts):
    """16 clients at a time, each with a connection of its own; some of their reads are large."""
    failures = []

    def work(number):
        rng = random.Random(number)
        try:
            with server.open() as channel:
                stub = services.ServingServiceStub(channel)
                for _ in range(60):
                    count = rng.choice([1, 10, 100, 10_000])
                    check(is_right(stub.GetOnlineFeatures(simple_request(count)), count), "an answer")
        except Exception as error:
            failures.append(repr(error))

    run_threads(work)
    check(not failures, f"of 16 clients: {failures[:3]}")
    counts["calls of 16 clients"] += 16 * 60


def shutdown_under_load(server, counts):
    """Every call of 16 clients ends with the right answer, or is refused as a whole.

    Refused are calls that come when the server is ending, never one that it had begun.
    """
    wrong, done, signalled = [], [], []
    is_open = threading.Event()

    def work(number):
        with server.open() as channel:
            stub = services.ServingServiceStub(channel)
            while True:
                begun = time.monotonic()
                try:
                    answer = stub.GetOnlineFeatures(simple_request(500), timeout=20)
                    done.append(number)
                    if not is_right(answer, 500):
                        wrong.append("a wrong answer")
                    is_open.set()
                except grpc.RpcError as error:
                    # What is sent just before the signal may arrive after it.
                    is_late = signalled and begun > signalled[0] - 0.1
                    if error.code() != grpc.StatusCode.UNAVAILABLE or not is_late:
                        wrong.append(f"{error.code()}: {error.details()}")
                    return

    def stop():
        is_open.wait(20)
        time.sleep(0.5)
        server.channel.close()
        started = time.monotonic()
        signalled.append(started)
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(20)
        duration = time.monotonic() - started
        if code != 0 or duration > 12:
            wrong.append(f"the server ended with {code} after {duration:.1f} s")

    stopper = threading.Thread(target=stop)
    stopper.start()
    run_threads(work)
    stopper.join()
    check(not wrong, f"in a shutdown: {wrong[:3]}")
    check(done, "no call was answered before the shutdown")
    counts["calls before a shutdown"] += len(done)


def run_threads(work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def matrix_reader():
    """The function `read_matrix` of docs/serving.md."""
    page = (Path(__file__).parents[2] / "docs/serving.md").read_text()
    block = next(text for text in re.findall(r"```python\n(.*?)```", page, re.S) if "def read_matrix" in text)
    scope = {}
    exec(block, scope)
    return scope["read_matrix"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fstore", required=True, help="the program, built with the trait GRPC")
    parser.add_argument("--seeds", default="1:40", help="first and last seed")
    options = parser.parse_args()
    fstore = os.path.abspath(options.fstore)
    first, last = map(int, options.seeds.split(":"))
    reader = matrix_reader()
    counts = dict.fromkeys(["requests", "cells", "cells of matrices", "refused matrices", "errors",
                            "calls of 16 clients", "calls before a shutdown"], 0)
    failed = 0
    for seed in [None, *range(first, last + 1)]:
        try:
            if seed is None:
                fixed_repository(fstore, reader, counts)
            else:
                random_repository(fstore, seed, reader, counts)
        except (Difference, grpc.RpcError) as error:
            failed += 1
            print(f"{'the fixed repository' if seed is None else f'seed {seed}'}: {error}")
    print(", ".join(f"{count} {name}" for name, count in counts.items()), f"- {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
