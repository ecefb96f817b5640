"""What reads and pushes notice of full reloads of their view."""
import contextlib
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time

import data
import repository
from measure import free_port, running, summary
from online import PATH, body

PUSHES_PER_SECOND = 20


class Background:
    """Something that is done again and again on a thread, until the end."""

    def __init__(self, action):
        self.action, self.results, self.failures = action, [], []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.done.is_set():
            try:
                self.results.append(self.action())
            except (OSError, http.client.HTTPException, RuntimeError) as failure:
                self.failures.append(repr(failure))
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def post(connection, path, request):
    """The seconds that an answer took; it must be 200."""
    began = time.monotonic()
    connection.request("POST", path, json.dumps(request), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {text[:500]}")
    return time.monotonic() - began


def pushes(port):
    """One row of a driver of its own after the other, at a fixed rate."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    state = {"due": time.monotonic(), "number": 0}

    def push():
        state["due"] += 1 / PUSHES_PER_SECOND
        state["number"] += 1
        time.sleep(max(0, state["due"] - time.monotonic()))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        row = {"driver_id": [-state["number"] % 1000 - 1], "event_timestamp": [now],
               "created_timestamp": [now]}
        row |= {name: ["x" if kind == "string" else True if kind == "bool" else 1]
                for name, kind in zip(data.COLUMNS, data.TYPES)}
        return post(connection, "/push", {"push_source_name": "driver_push", "df": row})

    return push


def loads(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    return lambda: post(connection, "/materialize", {"disable_event_timestamp": True})


def open_loop(options, port, bodies, rate, seconds):
    return json.loads(subprocess.run(
        [f"{options.programs}/OpenLoop", str(port), PATH, bodies, "16", str(rate), str(seconds)],
        check=True, capture_output=True, text=True).stdout)


def reload(options):
    """Reads at a fixed rate and pushes, while nothing else is done and while a view is reloaded."""
    rows, keys = (20_000, 2_000) if options.quick else (1_000_000, 1_000_000)
    rate, seconds = (500, 2) if options.quick else (2_000, 12)
    path = data.load(options.data, rows, keys)
    directory = f"{options.data}/repository-reload"
    shutil.rmtree(directory, ignore_errors=True)
    repository.make(options.fstore, directory, [repository.driver_view(f"{path}.csv", ttl="0")],
                    {"drivers": ["driver_stats"]})
    with open(f"{directory}/push.yaml", "w") as file:
        file.write("data_sources:\n"
                   "  - { name: driver_push, type: push, batch_source: driver_stats_source }\n")
    for command in ["apply", "materialize"]:
        subprocess.run([options.fstore, command, "-c", directory], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bodies = f"{options.data}/bodies-reload"
    draw = random.Random(2)
    with open(bodies, "w") as file:
        for _ in range(1_000):
            file.write(json.dumps(body("drivers", 10, keys, draw)) + "\n")
    port = free_port()
    command = [options.fstore, "serve", "-c", directory, "-p", str(port)]
    runs = {"idle": [], "reloading": []}
    pushed = {"idle": [], "reloading": []}
    loaded = []
    with running(command, f"http://127.0.0.1:{port}/health"):
        open_loop(options, port, bodies, rate, 1)
        for _ in range(options.runs):
            for name in runs:
                with Background(pushes(port)) as pushing, contextlib.ExitStack() as stack:
                    loading = None
                    if name == "reloading":
                        loading = stack.enter_context(Background(loads(port)))
                    runs[name].append(open_loop(options, port, bodies, rate, seconds))
                    if loading:
                        loading.done.set()
                failures = pushing.failures + (loading.failures if loading else [])
                if failures:
                    sys.exit(f"reload, {name}: {failures}")
                pushed[name] += pushing.results
                loaded += loading.results if loading else []
    table = []
    for name, measured in runs.items():
        latencies = sorted(pushed[name])
        table.append({"": name} | {
            f"read {key} ms": summary([run[key] for run in measured])
            for key in ["p50", "p99", "p99.9", "max"]} | {
            "push p50 ms": 1000 * statistics.median(latencies),
            "push p99 ms": 1000 * latencies[int(0.99 * (len(latencies) - 1))],
            "push max ms": 1000 * latencies[-1]})
    ratio = table[1]["read p99 ms"]["median"] / table[0]["read p99 ms"]["median"]
    return {"title": f"Reads and pushes while a view of {keys:,} keys is reloaded", "rows": table,
            "target": "p99 of reads within twice the idle one; no push longer than 100 ms",
            "notes": [f"{rate:,} reads of 10 × 10 values a second over 16 connections, "
                      f"{PUSHES_PER_SECOND} pushes a second; every answer was 200",
                      f"{len(loaded)} full loads of {rows:,} rows one after the other, median "
                      f"{statistics.median(loaded):.2f} s",
                      f"p99 of reads: {ratio:.2f} of the idle one",
                      f"{os.cpu_count()} cores are shared by the server, its loads, the clients "
                      "and this script"]}
