#!/usr/bin/env python3
"""Measures fstore, and rivals beside it, in one run: medians, in Markdown.

  run.py --fstore PATH --data DIRECTORY [--rival-python PATH] [--runs 3] [CASE ...]

CASE is train, load, serve or start; all by default. The data are made when they are not there.
Contestants take turns, so that a busy moment of the machine meets all of them.
"""
import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

import repository

HERE = os.path.dirname(os.path.abspath(__file__))
FEATURES = 10


def measure(command, directory=None):
    """Runs a command; wall seconds, processor seconds, and peak resident and private memory in MB."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    private = 0
    status = f"/proc/{process.pid}/status"
    while True:
        # Not poll(): the usage of a child is told once, to whoever waits for it.
        pid, result, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(result)
            break
        with open(status) as file:
            found = re.search(r"RssAnon:\s+(\d+)", file.read())
        private = max(private, int(found[1]) / 1000 if found else 0)
        time.sleep(0.004)
    wall = time.monotonic() - began
    if process.returncode != 0:
        sys.exit(f"{command} failed:\n{process.stderr.read().decode()}")
    process.stderr.close()
    return dict(wall=wall, processor=usage.ru_utime + usage.ru_stime,
                memory=usage.ru_maxrss / 1000, private=private)


def contest(contestants, runs, before=None):
    """Each contestant's median of each measure; they take turns."""
    results = {name: [] for name in contestants}
    for _ in range(runs):
        for name, command in contestants.items():
            if before:
                before(name)
            results[name].append(measure(command))
    return {
        name: {key: statistics.median(run[key] for run in measured) for key in measured[0]}
        for name, measured in results.items()
    }


def generated(data, name, *options):
    directory = f"{data}/{name}"
    if not os.path.exists(f"{directory}/entities.csv"):
        subprocess.run([sys.executable, f"{HERE}/generate.py", directory, *options], check=True)
    return directory


def train(options):
    print("\n### Training set: 1 M rows x 10 features, 100 k entity rows, ttl 2 days\n")
    data = generated(options.data, "train", "--sqlite")
    base = repository.make(options.fstore, f"{options.data}/repo-csv", f"{data}/history.csv", "2d")
    table = repository.make(options.fstore, f"{options.data}/repo-db", f"{data}/history.db", "2d")
    command = ["get-historical-features", "--feature-service", "all_features",
               "-d", f"{data}/entities.csv", "-o"]
    contestants = {
        "fstore, CSV": [options.fstore, *command, f"{options.data}/out-csv.csv", "-c", base],
        "fstore, SQLite": [options.fstore, *command, f"{options.data}/out-db.csv", "-c", table],
    }
    if options.rival_python:
        for engine in ["duckdb", "duckdb-ties", "polars"]:
            contestants[f"{engine}, CSV"] = [
                options.rival_python, f"{HERE}/rival.py", engine, f"{data}/history.csv",
                f"{data}/entities.csv", f"{options.data}/out-{engine}.csv"]
    results = contest(contestants, options.runs)
    first = results["fstore, CSV"]["wall"]
    print("| | wall s | of fstore, CSV | processor s | peak MB | of it private MB |\n"
          "|---|---|---|---|---|---|")
    for name, result in results.items():
        print(f"| {name} | {result['wall']:.2f} | {result['wall'] / first:.2f} |"
              f" {result['processor']:.2f} | {result['memory']:.0f} | {result['private']:.0f} |")


def load(options):
    print("\n### Load: 1 M keys x 10 features from CSV\n")
    print("| rows | wall s | rows/s | processor s | peak MB | of it private MB |\n"
          "|---|---|---|---|---|---|")
    for rows, runs in [(1_000_000, options.runs), (5_000_000, 1)]:
        name = f"load{rows // 1_000_000}"
        data = generated(options.data, name, "--every-key", "--rows", str(rows),
                         "--keys", "1000000", "--entity-rows", "0")
        directory = f"{options.data}/repo-{name}"

        def fresh(_):
            shutil.rmtree(directory, ignore_errors=True)
            repository.make(options.fstore, directory, f"{data}/history.csv", "0")

        command = [options.fstore, "materialize", "-c", directory]
        result = contest({name: command}, runs, before=fresh)[name]
        print(f"| {rows:,} | {result['wall']:.2f} | {rows / result['wall']:,.0f} |"
              f" {result['processor']:.2f} | {result['memory']:.0f} | {result['private']:.0f} |")


def wrk(url, connections, seconds, script=None):
    """Requests per second, and the median and 99th percentile of the latency in ms."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        command += ["-s", script]
    text = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(text)
    units = {"us": 1e-3, "ms": 1, "s": 1e3}
    latency = [
        float(found[1]) * units[found[2]]
        for found in (re.search(rf"{part}%\s+([\d.]+)(us|ms|s)", text) for part in (50, 99))]
    return [float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), *latency]


def serve(options):
    print("\n### Serving: 1 M keys loaded, 10 random entities x 10 features, wrk -t1\n")
    directory = f"{options.data}/repo-load1"
    if not os.path.exists(f"{directory}/data/online"):
        load(options)
    port = 16566
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen([options.fstore, "serve", "-c", directory, "-p", str(port)],
                              stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/health").read()
                break
            except OSError:
                time.sleep(0.05)
        body = json.dumps({"feature_service": "all_features",
                           "entities": {"driver_id": list(range(1001, 1011))}}).encode()
        request = urllib.request.Request(f"{url}/get-online-features", body,
                                         {"Content-Type": "application/json"})
        answer = urllib.request.urlopen(request).read()
        print(f"An answer has {len(answer):,} bytes.\n")
        print("| | connections | requests/s | p50 ms | p99 ms |\n|---|---|---|---|---|")
        script = f"{HERE}/online.lua"
        wrk(f"{url}/get-online-features", 16, 3, script)
        cases = {"GET /health": (f"{url}/health", None),
                 "10 entities x 10 features": (f"{url}/get-online-features", script)}
        for connections in [1, 16, 64]:
            runs = {name: [] for name in cases}
            for _ in range(options.runs):
                for name, (address, lua) in cases.items():
                    runs[name].append(wrk(address, connections, 6, lua))
            for name, measured in runs.items():
                middle = [statistics.median(column) for column in zip(*measured)]
                print(f"| {name} | {connections} | {middle[0]:,.0f} | {middle[1]:.2f} |"
                      f" {middle[2]:.2f} |")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def start(options):
    print("\n### Start\n")
    walls = sorted(measure([options.fstore, "--version"])["wall"] for _ in range(21))
    print(f"`fstore --version`: {walls[10] * 1000:.0f} ms (least {walls[0] * 1000:.0f})")


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fstore", required=True)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--rival-python")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("cases", nargs="*")
    options = arguments.parse_args()
    options.fstore = os.path.abspath(options.fstore)
    options.data = os.path.abspath(options.data)
    cases = {"train": train, "load": load, "serve": serve, "start": start}
    for name in options.cases or cases:
        cases[name](options)


if __name__ == "__main__":
    main()
