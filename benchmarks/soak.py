#!/usr/bin/env python3
"""Endurance: does the server stay as it is while it reads, takes pushes and reloads for an hour?

    benchmarks/soak.py --fstore PATH --minutes 60 [--load 0.7]

Finds what a closed loop reaches with pushes and reloads going on, then sends that times --load in an
open loop. A client pushes ten times a second, and every view is loaded again, with newer rows, as
often as --reload says. Samples resident memory, the 99th percentile of each interval, the bytes of
the store's files and, where the server tells it, what compaction has yet to do.

Prints a table and a JSON object: for each series the slope by least squares with its 95 % confidence
interval (Student's t), the first tenth left out as warm-up. Fails (exit 1) when memory or the 99th
percentile grows by more than its bound over the run and the interval says that it is no chance, when
the files outgrow their bound, or when any request fails. Needs wrk and the build's OpenLoop.
"""
import argparse
import json
import math
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/get-online-features"
CONFIGURATION = """project: soak
registry: data/registry.db
offline_store: { type: sqlite, path: data/offline.db }
online_store: { type: rocksdb, path: data/online, row_cache: 64MB }
"""
DEFINITIONS = """entities:
  - { name: driver, join_keys: [driver_id], value_type: int64 }
data_sources:
  - { name: stats, type: csv, path: data/stats.csv, timestamp_field: event_timestamp }
  - { name: stats_push, type: push, batch_source: stats }
feature_views:
  - name: driver_stats
    entities: [driver]
    ttl: 0
    schema:
      - { name: conv_rate, dtype: float64 }
      - { name: trips, dtype: int64 }
      - { name: city, dtype: string }
    source: stats
feature_services:
  - { name: drivers, features: [driver_stats] }
"""


def write_history(directory, keys, generation):
    """One row a key, newer and other than those of the generations before."""
    draw = random.Random(generation)
    moment = 1_700_000_000 + 3_600 * generation
    path = f"{directory}/data/stats.csv"
    with open(path + ".new", "w") as file:
        file.write("driver_id,event_timestamp,conv_rate,trips,city\n")
        for key in range(keys):
            file.write(f"{key},{moment},{draw.random():.6f},{draw.randrange(99)},city{key % 97}\n")
    os.replace(path + ".new", path)


def post(port, path, body, timeout=120):
    """The bytes of an answer; an answer other than 200 raises."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read()


class Disturbance:
    """Pushes and reloads, each in a thread, until stopped."""

    def __init__(self, port, directory, keys, reload_seconds):
        self.port, self.directory, self.keys = port, directory, keys
        self.reload_seconds = reload_seconds
        self.stopped, self.errors = threading.Event(), []
        self.pushes = self.reloads = 0
        self.threads = [threading.Thread(target=self.guard, args=(work,), daemon=True)
                        for work in (self.push, self.reload)]
        for thread in self.threads:
            thread.start()

    def guard(self, work):
        try:
            work()
        except Exception as error:
            self.errors.append(f"{work.__name__}: {error}")

    def push(self):
        draw = random.Random(1)
        while not self.stopped.wait(0.1):
            ids = [draw.randrange(self.keys) for _ in range(10)]
            post(self.port, "/push", {"push_source_name": "stats_push", "to": "online", "df": {
                "driver_id": ids, "event_timestamp": [time.time()] * 10,
                "conv_rate": [0.5] * 10, "trips": [1] * 10, "city": ["pushed"] * 10}})
            self.pushes += 1

    def reload(self):
        while not self.stopped.wait(self.reload_seconds):
            write_history(self.directory, self.keys, self.reloads + 1)
            post(self.port, "/materialize", {"disable_event_timestamp": True})
            self.reloads += 1

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def resident(pid):
    """Resident memory in MB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def file_bytes(directory):
    """The megabytes of the store's files; one that goes meanwhile counts nothing."""
    total = 0
    for entry in os.scandir(f"{directory}/data/online"):
        try:
            total += entry.stat().st_size
        except FileNotFoundError:
            pass
    return total / 1e6


def pending_compaction(port):
    """What compaction has yet to rewrite, in MB; None where the server has no metrics."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    found = re.search(r"^[a-z_]*pending_compaction_bytes\S* (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) / 1e6 if found else None


def student(freedom):
    """The 97.5 % quantile of Student's t, by the expansion of Cornish and Fisher."""
    z = statistics.NormalDist().inv_cdf(0.975)
    return (z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3))


def slope(points):
    """Least squares through (minute, value): the growth an hour and its 95 % interval."""
    skipped = points[len(points) // 10:]
    count = len(skipped)
    if count < 4:
        return None
    times = [time for time, _ in skipped]
    values = [value for _, value in skipped]
    mean_time, mean = statistics.fmean(times), statistics.fmean(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    rate = sum((time - mean_time) * (value - mean) for time, value in skipped) / spread
    rest = sum((value - mean - rate * (time - mean_time)) ** 2 for time, value in skipped)
    half = student(count - 2) * math.sqrt(rest / (count - 2) / spread)
    minutes = times[-1] - times[0]
    return {"mean": mean, "an hour": 60 * rate, "from": 60 * (rate - half), "to": 60 * (rate + half),
            "growth": rate * minutes / mean if mean else 0, "is significant": rate - half > 0}


def closed_loop(port, keys, connections, seconds):
    """Requests a second of wrk."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", f"{HERE}/online.lua",
               f"http://127.0.0.1:{port}{PATH}", "--", "drivers", "4", str(keys), "1000"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(next(line[5:] for line in text.splitlines() if line.startswith("JSON ")))
    if result["errors"]:
        sys.exit(f"{result['errors']} requests of the closed loop failed")
    return result["requests"] / result["seconds"]


def serve(options, directory):
    """The server's process and port, when it says that it listens."""
    server = subprocess.Popen([options.fstore, "serve", "-p", "0"], cwd=directory,
                              stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    found = re.search(r":(\d+)\s*$", line)
    if not found:
        sys.exit(f"the server does not serve: {line}")
    threading.Thread(target=server.stdout.read, daemon=True).start()
    return server, int(found.group(1))


def soak(options, directory):
    """Runs the load; gives the series and what else there is to tell."""
    os.makedirs(f"{directory}/data")
    for name, text in (("feature_store.yaml", CONFIGURATION), ("soak.yaml", DEFINITIONS)):
        with open(f"{directory}/{name}", "w") as file:
            file.write(text)
    write_history(directory, options.keys, 0)
    for command in ("apply", "materialize"):
        subprocess.run([options.fstore, command], cwd=directory, check=True,
                       stdout=subprocess.DEVNULL)
    draw = random.Random(7)
    with open(f"{directory}/bodies", "w") as file:
        for _ in range(1_000):
            ids = [draw.randrange(options.keys) for _ in range(4)]
            file.write(json.dumps({"feature_service": "drivers", "entities": {"driver_id": ids}},
                                  separators=(",", ":")) + "\n")
    server, port = serve(options, directory)
    series = {"resident MB": [], "p99 ms": [], "files MB": [], "pending compaction MB": []}
    disturbance = None
    try:
        disturbance = Disturbance(port, directory, options.keys, options.reload)
        reached = closed_loop(port, options.keys, options.connections, 10)
        rate = options.load * reached
        print(f"closed loop: {reached:.0f} requests/s; open loop: {rate:.0f}", flush=True)
        seconds = max(5, min(60, round(3 * options.minutes)))
        began = time.monotonic()
        requests = 0
        while time.monotonic() - began < 60 * options.minutes:
            run = subprocess.run(
                [options.open_loop, str(port), PATH, f"{directory}/bodies",
                 str(options.connections), str(rate), str(seconds)],
                capture_output=True, text=True)
            if run.returncode:
                sys.exit(f"a request of the open loop failed: {run.stderr}")
            result = json.loads(run.stdout)
            requests += result["requests"]
            minute = (time.monotonic() - began) / 60
            samples = {"resident MB": resident(server.pid), "p99 ms": result["p99"],
                       "files MB": file_bytes(directory),
                       "pending compaction MB": pending_compaction(port)}
            for name, value in samples.items():
                if value is not None:
                    series[name].append((minute, value))
            print(f"{minute:6.1f} min  " + "  ".join(
                f"{name} {value:.2f}" for name, value in samples.items() if value is not None),
                flush=True)
            if server.poll() is not None or disturbance.errors:
                sys.exit(f"the server or a client failed: {disturbance.errors}")
        return series, {"requests": requests, "rate": rate, "closed loop": reached}, disturbance
    finally:
        if disturbance:
            disturbance.stop()
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fstore", default=f"{HERE}/../.build/release/fstore")
    parser.add_argument("--open-loop", help="default: OpenLoop beside fstore")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--load", type=float, default=0.7, help="part of the closed loop's rate")
    parser.add_argument("--keys", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--reload", type=float, default=20, help="seconds between two loads")
    parser.add_argument("--memory-bound", type=float, default=0.10, help="growth over the run")
    parser.add_argument("--p99-bound", type=float, default=0.50, help="growth over the run")
    parser.add_argument("--files-bound", type=float, default=6.0, help="last third over the first")
    options = parser.parse_args()
    options.fstore = os.path.abspath(options.fstore)
    options.open_loop = options.open_loop or f"{os.path.dirname(options.fstore)}/OpenLoop"
    for program in (options.fstore, options.open_loop, shutil.which("wrk") or "wrk"):
        if not os.access(program, os.X_OK):
            sys.exit(f"there is no program {program}; build it, or install wrk")
    directory = tempfile.mkdtemp(prefix="fstore-soak-")
    try:
        series, result, disturbance = soak(options, f"{directory}/repository")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    result |= {"minutes": options.minutes, "pushes": disturbance.pushes,
               "reloads": disturbance.reloads, "slopes": {}}
    failures = list(disturbance.errors)
    bounds = {"resident MB": options.memory_bound, "p99 ms": options.p99_bound}
    for name, points in series.items():
        trend = slope(points)
        if not trend:
            continue
        result["slopes"][name] = trend
        print(f"{name:24} mean {trend['mean']:9.2f}, an hour {trend['an hour']:+9.3f} "
              f"[{trend['from']:+.3f}, {trend['to']:+.3f}], growth {100 * trend['growth']:+.1f} %")
        if name in bounds and trend["is significant"] and trend["growth"] > bounds[name]:
            failures.append(f"{name} grows by more than {100 * bounds[name]:.0f} %")
    files = [value for _, value in series["files MB"]]
    third = max(1, len(files) // 3)
    # Up to that size it is the write buffers' log that has not been full yet.
    if max(files[-third:]) > max(256, options.files_bound * max(files[:third])):
        failures.append("the files of the store outgrow their bound")
    result["failures"] = failures
    print(json.dumps(result))
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
