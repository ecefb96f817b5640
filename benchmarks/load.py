"""Jobs that load the online store, and those that start the program."""
import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

import data
import repository
from measure import contest, free_port, measure, running, summary

HERE = os.path.dirname(os.path.abspath(__file__))


@contextlib.contextmanager
def redis(options):
    """An empty Redis; gives its port."""
    port = free_port()
    directory = f"{options.data}/redis"
    os.makedirs(directory, exist_ok=True)
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no",
               "--dir", directory, "--bind", "127.0.0.1"]
    with running(command, directory=directory):
        deadline = time.monotonic() + 10
        while subprocess.run(["redis-cli", "-p", str(port), "ping"],
                             capture_output=True).returncode:
            if time.monotonic() > deadline:
                sys.exit("redis does not answer")
            time.sleep(0.05)
        yield port


def feast_environment():
    return dict(os.environ, FEAST_USAGE="False", PYTHONWARNINGS="ignore")


def feast_applied(options, port, arguments, name):
    """A Feast repository of these views; gives its folder."""
    directory = f"{options.data}/feast-{name}"
    shutil.rmtree(directory, ignore_errors=True)
    subprocess.run([sys.executable, f"{HERE}/feast_rival.py", "apply", directory, str(port),
                    *arguments], check=True, env=feast_environment(), stdout=subprocess.DEVNULL)
    return directory


def load(options):
    """Keys x 10 features from CSV into an empty store."""
    keys = 20_000 if options.quick else 1_000_000
    counts = [keys, 3 * keys] if options.quick else [1_000_000, 5_000_000, 50_000_000]
    feast_rows = 2_000 if options.quick else options.feast_rows
    rows = []
    for count in counts:
        path = data.load(options.data, count, keys)
        directory = f"{options.data}/repository-load-{count}"

        def fresh():
            shutil.rmtree(directory, ignore_errors=True)
            repository.make(options.fstore, directory,
                            [repository.driver_view(f"{path}.csv", ttl="0")])

        contestant = {"command": [options.fstore, "materialize", "-c", directory], "before": fresh}
        if count > 5_000_000:
            contestant["runs"] = 1
        rows.append(load_row("fstore", count, contest({"": contestant}, options.runs)[""]))
    if options.has("feast") and shutil.which("redis-server"):
        path = data.load(options.data, feast_rows, feast_rows)
        with redis(options) as port:
            directory = feast_applied(options, port, [f"driver_stats={path}.parquet"], "load")
            command = [sys.executable, f"{HERE}/feast_rival.py", "load", directory]
            result = contest({"Feast, Redis": {
                "command": command, "runs": 1, "environment": feast_environment()}}, 1)
        rows.append(load_row("Feast, Redis", feast_rows, result["Feast, Redis"]))
    return {"title": f"Load: up to {keys:,} keys of 10 features into an empty store", "rows": rows,
            "target": "2 M rows/s, 300 MB, and the same memory for ten times the rows",
            "notes": ["Feast is told to load fewer rows, from Parquet"]}


def load_incremental(options):
    """The same file loaded again: as it is, and with lines at its end."""
    keys, count = (20_000, 60_000) if options.quick else (1_000_000, 5_000_000)
    path = data.load(options.data, count, keys)
    directory = f"{options.data}/repository-load-incremental"
    growing = f"{options.data}/load-growing.csv"
    command = [options.fstore, "materialize-incremental", "-c", directory, "2026-06-01"]
    states = ["read for the first time", "as it was", "1,000 lines longer"]
    measured = {state: [] for state in states}
    for _ in range(options.runs):
        shutil.rmtree(directory, ignore_errors=True)
        repository.make(options.fstore, directory, [repository.driver_view(growing, ttl="0")])
        shutil.copyfile(f"{path}.csv", growing)
        for state in states:
            if state == states[2]:
                with open(growing, "rb") as file:
                    lines = file.readlines(1 << 20)[1:1_001]
                with open(growing, "ab") as file:
                    file.writelines(lines)
            # A file that was written just now could change again without getting another time.
            time.sleep(2.1)
            measured[state].append(measure(command))
    os.remove(growing)
    rows = []
    for state, runs in measured.items():
        row = {key: summary([run[key] for run in runs]) for key in runs[0] if key != "output"}
        rows.append({"": state, "rows": count, "runs": len(runs), "wall s": row["wall"],
                     "processor s": row["processor"], "peak MB": row["memory"],
                     "others, cores": row["others"]})
    return {"title": f"Load again: {keys:,} keys of 10 features, one CSV file", "rows": rows,
            "target": None, "notes": []}


def load_row(name, count, result):
    return {"": name, "rows": count, "runs": result["runs"], "wall s": result["wall"],
            "rows/s": count / result["wall"]["median"], "processor s": result["processor"],
            "peak MB": result["memory"], "private MB": result["private"],
            "others, cores": result["others"]}


def start(options):
    """From nothing to an answer."""
    counts = [1, 50] if options.quick else [1, 500, 2_000]
    runs = 5 if options.quick else 21
    rows = [start_row("fstore --version", 0, [measure([options.fstore, "--version"])
                                              for _ in range(runs)])]
    for count in counts:
        directory = views_repository(options, count)
        command = [options.fstore, "apply", "-c", directory]
        rows.append(start_row("apply, unchanged", count,
                              [measure(command) for _ in range(max(3, runs // 3))]))
        rows.append(start_row("serve, until healthy", count,
                              [healthy(options, directory) for _ in range(max(3, runs // 3))]))
    return {"title": "Start", "rows": rows, "notes": [],
            "target": "30 ms, 100 ms, and 300 ms for 500 views"}


def start_row(name, views, measured):
    return {"": name, "views": views, "runs": len(measured),
            "wall ms": summary([1000 * run["wall"] for run in measured]),
            "processor ms": summary([1000 * run["processor"] for run in measured]),
            "peak MB": statistics.median(run["memory"] for run in measured)}


def healthy(options, directory):
    """What it costs until a new server answers `GET /health`."""
    from measure import memory, processor_seconds

    port = free_port()
    began = time.monotonic()
    with running([options.fstore, "serve", "-c", directory, "-p", str(port)],
                 f"http://127.0.0.1:{port}/health") as server:
        result = {"wall": time.monotonic() - began, "processor": processor_seconds(server.pid),
                  "memory": memory(server.pid)[0]}
        server.send_signal(signal.SIGTERM)
        server.wait()
    return result


def views_repository(options, count):
    """A repository of `count` views of 10 features each, loaded with one row a view."""
    directory = f"{options.data}/repository-start-{count}"
    if os.path.exists(f"{directory}/data/online"):
        return directory
    os.makedirs(f"{directory}/sources", exist_ok=True)
    views = []
    for number in range(count):
        names = [f"{name}_{number}" for name in data.COLUMNS]
        path = f"{directory}/sources/history_{number}.csv"
        with open(path, "w") as file:
            file.write(",".join(["driver_id", "event_timestamp", "created_timestamp", *names]))
            file.write("\n1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,"
                       + ",".join(["0.5"] * 5 + ["1"] * 3 + ["a"] * 2) + "\n")
        views.append((f"view_{number}", repository.view(
            f"view_{number}", path, zip(names, data.TYPES), "0")))
    repository.make(options.fstore, directory, views)
    subprocess.run([options.fstore, "materialize", "-c", directory], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return directory
