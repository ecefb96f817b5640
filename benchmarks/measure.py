"""What a process costs, what a machine is, and a contest of several programs that take turns."""
import contextlib
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request


def children(pid):
    """A process and all that it started."""
    found, rest = [], [pid]
    while rest:
        process = rest.pop()
        found.append(process)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{task}/children") as file:
                    rest += [int(word) for word in file.read().split()]
    return found


def memory(pid):
    """Resident and private memory of a process and all that it started, and the greatest resident
    memory that one of them had, in MB."""
    resident = private = peak = 0
    for process in children(pid):
        found = {}
        with contextlib.suppress(OSError), open(f"/proc/{process}/status") as file:
            found = dict(re.findall(r"(VmRSS|VmHWM|RssAnon):\s+(\d+)", file.read()))
        resident += int(found.get("VmRSS", 0))
        private += int(found.get("RssAnon", 0))
        peak = max(peak, int(found.get("VmHWM", 0)))
    return resident / 1000, private / 1000, peak / 1000


def processor_seconds(pid):
    """User and system time of a process and all that it started, so far."""
    ticks = 0
    for process in children(pid):
        with contextlib.suppress(OSError), open(f"/proc/{process}/stat") as file:
            ticks += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """How long all processors of the machine have worked, or were taken by other machines."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def measure(command, directory=None, environment=None):
    """Runs a command: wall and processor seconds, peak memory, who else used the machine, and its
    output.

    `memory` is what the kernel saw as the greatest resident size of a process, or of the sum of a
    tree of processes when that is more; `private` the part that no file stands behind. Both are
    looked at every few milliseconds. (The greatest size in the usage of a child that has ended
    would be that of this process when it began, if that was more.)
    """
    peak = {"memory": 0, "private": 0}
    done = threading.Event()
    busy, began = busy_seconds(), time.monotonic()
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    output = {}

    def read(name, pipe):
        output[name] = pipe.read()

    readers = [threading.Thread(target=read, args=pair)
               for pair in [("output", process.stdout), ("errors", process.stderr)]]

    def watch():
        while not done.wait(0.004):
            resident, private, greatest = memory(process.pid)
            peak["memory"] = max(peak["memory"], resident, greatest)
            peak["private"] = max(peak["private"], private)

    for thread in readers:
        thread.start()
    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    for thread in [*readers, watcher]:
        thread.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output['errors'][-4000:]}")
    processor = usage.ru_utime + usage.ru_stime
    others = max(0, busy_seconds() - busy - processor) / wall if wall > 0.3 else 0
    return {"wall": wall, "processor": processor, "others": others,
            "memory": peak["memory"], "private": peak["private"], "output": output["output"]}


def summary(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def contest(contestants, runs, warm_up=True):
    """Measures contestants that take turns, so that a busy moment meets all of them.

    A contestant is a dictionary: `command`, and if need be `before`, called before each run,
    `environment`, and `runs` when they are fewer. Returns, for each name, the median, the least and
    the most of each measure.
    """
    results = {name: [] for name in contestants}
    for turn in range(-1 if warm_up else 0, runs):
        for name, contestant in contestants.items():
            if turn >= contestant.get("runs", runs) or turn < 0 and "runs" in contestant:
                continue
            if "before" in contestant:
                contestant["before"]()
            print(f"  {name}, {'warming up' if turn < 0 else turn + 1}", file=sys.stderr)
            measured = measure(contestant["command"], environment=contestant.get("environment"))
            if turn >= 0:
                results[name].append(measured)
    return {
        name: {"runs": len(measured)} | {key: summary([run[key] for run in measured])
                                         for key in measured[0] if key != "output"}
        for name, measured in results.items()
    }


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(command, url=None, environment=None, directory=None, log=None, patience=120):
    """A server, ended at the end whatever happens; ready when the address answers.

    Gives the process; without an address its first line is `process.line`.
    """
    output = open(log, "w") if log else subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, cwd=directory, start_new_session=True,
                               stdout=output if url else subprocess.PIPE, stderr=output, text=True)
    try:
        if url:
            wait_for(url, process, patience)
        else:
            process.line = process.stdout.readline().strip()
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if log:
            output.close()


def wait_for(url, process, patience):
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                answer.read()
            return
        except OSError:
            if process.poll() is not None:
                sys.exit(f"{' '.join(map(str, process.args))} ended at once")
            if time.monotonic() > end:
                sys.exit(f"{url} does not answer")
            time.sleep(0.002)


def first_line(*command):
    with contextlib.suppress(OSError, IndexError):
        result = subprocess.run(command, capture_output=True, text=True)
        return (result.stdout + result.stderr).strip().splitlines()[0]
    return None


def machine(fstore):
    """The machine and the versions of all that takes part."""
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo") as file:
        total = int(re.search(r"MemTotal:\s+(\d+)", file.read())[1]) / 1e6
    versions = {"fstore": first_line(fstore, "--version"), "python": platform.python_version(),
                "wrk": first_line("wrk", "--version"),
                "redis": first_line("redis-server", "--version")}
    from importlib import metadata
    for name in ["duckdb", "polars", "feast", "pyarrow", "numpy"]:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {"processor": model[1] if model else platform.processor(), "cores": os.cpu_count(),
            "memory_gb": round(total, 1), "system": platform.platform(),
            "versions": versions, "load": os.getloadavg()}
