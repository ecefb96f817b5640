"""Jobs that ask for features over HTTP, and in process."""
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import urllib.request

import data
import repository
from agreement import check_online_answers
from load import feast_applied, feast_environment, redis
from measure import free_port, measure, memory, processor_seconds, running, summary

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/get-online-features"


def body(service, entities, keys, draw):
    return {"feature_service": service,
            "entities": {"driver_id": [draw.randrange(keys) for _ in range(entities)]}}


def ask(port, request):
    """The bytes of an answer."""
    message = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", json.dumps(request).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(message) as answer:
        return answer.read()


def wrk(port, service, entities, keys, connections, seconds, requests):
    """One closed loop over so many different requests."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
               "-s", f"{HERE}/online.lua", f"http://127.0.0.1:{port}{PATH}", "--",
               service, str(entities), str(keys), str(requests)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(next(line[5:] for line in text.splitlines() if line.startswith("JSON ")))
    if result["errors"]:
        sys.exit(f"{result['errors']} errors: {' '.join(command)}")
    return result


def turns(options, servers, service, entities, keys, connections, requests=1_000):
    """Each server's rate, latency and processor time, taking turns; servers are (port, pid)."""
    results = {name: [] for name in servers}
    for turn in range(-1, options.runs):
        for name, (port, pid) in servers.items():
            used = processor_seconds(pid)
            result = wrk(port, service, entities, keys, connections,
                         1 if turn < 0 else options.seconds, requests)
            if turn >= 0:
                used = processor_seconds(pid) - used
                results[name].append({
                    "requests/s": result["requests"] / result["seconds"],
                    "p50 ms": result["p50"], "p99 ms": result["p99"],
                    "server µs/request": 1e6 * used / max(1, result["requests"])})
    return {name: {key: summary([run[key] for run in runs]) for key in runs[0]}
            for name, runs in results.items()}


class Servers:
    """fstore and its rivals over the same data, running."""

    def __init__(self, options, keys, stack):
        self.options, self.keys, self.stack = options, keys, stack
        self.processes, self.notes = {}, []
        path = data.load(options.data, keys, keys)
        self.wide_keys = min(keys, 10_000)
        wide = data.wide(options.data, 25, 10, self.wide_keys, self.wide_keys)
        views = [repository.driver_view(f"{path}.csv", ttl="0")]
        views += [repository.wide_view(f"{wide}/view_{number}.csv", number, 10)
                  for number in range(25)]
        names = [f"view_{number}" for number in range(25)]
        self.services = {"drivers": ["driver_stats"], "five_views": names[:5], "all_views": names}
        directory = f"{options.data}/repository-online-{keys}"
        shutil.rmtree(directory, ignore_errors=True)
        repository.make(options.fstore, directory, views, self.services)
        subprocess.run([options.fstore, "materialize", "-c", directory], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = free_port()
        command = [options.fstore, "serve", "-c", directory, "-p", str(port)]
        self.add("fstore", port, running(command, f"http://127.0.0.1:{port}/health"))
        self.files = [f"driver_stats={path}.parquet"]
        self.files += [f"view_{number}={wide}/view_{number}.parquet" for number in range(5)]

    def add(self, name, port, context):
        self.processes[name] = (port, self.stack.enter_context(context).pid)

    def add_constant(self, name, size):
        """A server that answers that many bytes, whatever it is asked."""
        program = f"{self.options.programs}/Constant"
        if not os.path.exists(program):
            self.notes.append(f"{program} is not built")
            return
        process = self.stack.enter_context(running([program, str(size)]))
        self.processes[name] = (int(process.line), process.pid)

    def add_feast(self):
        if not self.options.has("feast") or not shutil.which("redis-server"):
            self.notes.append("Feast or Redis is not installed")
            return
        store = self.stack.enter_context(redis(self.options))
        services = [f"{name}:{','.join(views)}" for name, views in self.services.items()
                    if name != "all_views"]
        directory = feast_applied(self.options, store, self.files + services, "online")
        subprocess.run([sys.executable, f"{HERE}/feast_rival.py", "load", directory], check=True,
                       env=feast_environment(), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        port = free_port()
        feast = os.path.join(os.path.dirname(sys.executable), "feast")
        # By default each worker ends after a thousand requests, which costs errors and time.
        command = [feast, "serve", "-h", "127.0.0.1", "-p", str(port), "-w", "2",
                   "--no-access-log", "--max-requests", "0"]
        self.add("Feast, Redis", port, running(
            command, f"http://127.0.0.1:{port}/health", feast_environment(), directory,
            f"{self.options.data}/feast.log"))

    def check(self, service, keys):
        """Compares answers with Feast's."""
        if "Feast, Redis" not in self.processes:
            return
        request = body(service, 10, keys, random.Random(5))
        answers = [json.loads(ask(self.processes[name][0], request))
                   for name in ["fstore", "Feast, Redis"]]
        self.notes.append(f"{service}: {check_online_answers(*answers, 'Feast')}")


def rows(case, connections, results, values):
    """Rows of a table; ratios are against fstore."""
    mine = results["fstore"]["requests/s"]["median"]
    return [{"": f"{name}, {case}", "connections": connections} | result | {
        "values/s": result["requests/s"]["median"] * values,
        "fstore is": mine / result["requests/s"]["median"]} for name, result in results.items()]


def online(options):
    """10 entities x 10 features against a constant of the same size and against Feast."""
    keys = 2_000 if options.quick else 100_000
    with contextlib.ExitStack() as stack:
        servers = Servers(options, keys, stack)
        port = servers.processes["fstore"][0]
        size = len(ask(port, body("drivers", 10, keys, random.Random(1))))
        servers.add_constant("constant", size)
        servers.add_feast()
        servers.check("drivers", keys)
        result = []
        for connections in [1, 16, 64]:
            result += rows("10 x 10", connections, turns(
                options, servers.processes, "drivers", 10, keys, connections), 100)
        tables = [{"title": f"Online: 10 entities x 10 features, {keys:,} keys, answers of {size:,}"
                            " bytes", "rows": result, "notes": servers.notes,
                   "target": "0.60 of the constant, 60 x Feast; p99 at 16 at most twice the"
                             " constant's"},
                  open_loop(options, servers, keys)]
        tables.append({"title": "Memory of the servers after that", "target": "", "notes": [],
                       "rows": [{"": name, "MB": memory(pid)[0], "private MB": memory(pid)[1]}
                                for name, (_, pid) in servers.processes.items()]})
    return tables


def open_loop(options, servers, keys):
    """Requests at fixed moments; see OpenLoop."""
    draw = random.Random(2)
    bodies = f"{options.data}/bodies"
    with open(bodies, "w") as file:
        for _ in range(1_000):
            file.write(json.dumps(body("drivers", 10, keys, draw)) + "\n")
    table = []
    for name, (port, _) in servers.processes.items():
        rate = 200 if name.startswith("Feast") else 5_000
        runs = []
        for _ in range(options.runs):
            text = subprocess.run(
                [f"{options.programs}/OpenLoop", str(port), PATH, bodies, "16", str(rate),
                 str(options.seconds)], check=True, capture_output=True, text=True).stdout
            runs.append(json.loads(text))
        table.append({"": name, "requests/s": rate} | {
            f"{key} ms": summary([run[key] for run in runs])
            for key in ["p50", "p99", "p99.9", "max"]})
    return {"title": "Online at a fixed rate: 10 entities x 10 features, 16 connections",
            "rows": table, "target": "p99 under 1 ms at 5,000 requests/s", "notes": [
                "latency counts from the moment at which a request was due; see OpenLoop"]}


def online_wide(options):
    """Many features of many views."""
    keys = 2_000 if options.quick else 100_000
    cases = [("five_views", 1, 50), ("five_views", 10, 50), ("five_views", 100, 50),
             ("all_views", 1, 250)]
    result = []
    with contextlib.ExitStack() as stack:
        servers = Servers(options, keys, stack)
        servers.add_feast()
        servers.check("five_views", servers.wide_keys)
        for service, entities, features in cases:
            processes = {name: process for name, process in servers.processes.items()
                         if name == "fstore" or service == "five_views"}
            views = 5 if service == "five_views" else 25
            for connections in [1, 16]:
                found = turns(options, processes, service, entities, servers.wide_keys,
                              connections)
                result += rows(f"{entities} x {features} over {views} views", connections, found,
                               entities * features)
        notes = servers.notes
    return {"title": "Online: many features over several views", "rows": result, "notes": notes,
            "target": "5 M values/s; Feast's published figures of its Java server, p99: 0.8, 2.2"
                      " and 17 ms for 50 features x 1, 10, 100, and 1.3 ms for 250 features"}


def online_large(options):
    """Random keys out of many, so that few are asked for twice."""
    keys = 5_000 if options.quick else 1_000_000
    result = []
    with contextlib.ExitStack() as stack:
        servers = Servers(options, keys, stack)
        for connections in [1, 16, 64]:
            found = turns(options, servers.processes, "drivers", 10, keys, connections,
                          requests=keys // 20)
            result += rows("10 x 10", connections, found, 100)
        pid = servers.processes["fstore"][1]
        result.append({"": "memory of the server, MB", "connections": round(memory(pid)[0])})
    return {"title": f"Online: 10 entities x 10 features, {keys:,} keys", "rows": result,
            "notes": [f"{keys // 20:,} different requests, {keys // 2:,} keys drawn"],
            "target": ""}


def in_process(options):
    """Typed reads in Swift, without HTTP: the processor time of a long run less a short one's."""
    program = f"{options.programs}/Kernels"
    few, many = (2, 102) if options.quick else (20, 1_020)
    table = []
    for kernel, what in [("online-read", "an entity row of 10 features, typed, of 10"),
                         ("online-read-into", "the same in the memory of an answer"),
                         ("online-read-database", "the same without the row cache"),
                         ("on-demand", "10 entities x 1 expression, typed"),
                         ("json-answer", "the JSON of 10 x 10 values")]:
        times = []
        for _ in range(options.runs):
            (short, less), (long, more) = (
                (run["processor"], int(run["output"].split()[0]))
                for run in (measure([program, kernel, str(rounds)]) for rounds in (few, many)))
            times.append(1e6 * (long - short) / (more - less))
        table.append({"": what, "kernel": kernel, "µs": summary(times)})
    return {"title": "In process: microseconds for an entity row, or for an answer",
            "rows": table, "notes": [],
            "target": "an entity row: 0.5 µs through the row cache, 2 µs from RocksDB"}
