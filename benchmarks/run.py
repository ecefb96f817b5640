#!/usr/bin/env python3
"""Measures fstore and its rivals side by side, on the same data, taking turns.

  run.py --fstore PATH --data DIRECTORY [--results DIRECTORY] [--runs 3] [--seconds 6] [--quick]
         [JOB ...]

The jobs are listed by --list; all are run by default. Data are made where they are missing. The
results are DIRECTORY/results.json, with everything that was measured, and DIRECTORY/results.md,
tables for RESULTS.md. Every job checks that the answers agree with a rival's, where the rival's are
right. --quick is small in everything: it shows that a job works, and nothing else.
"""
import argparse
import datetime
import importlib.util
import json
import os
import sys

import load
import measure
import online
import reload
import train

JOBS = {
    "start": load.start,
    "train-1m": train.train_1m,
    "train-10m": train.train_10m,
    "train-cache": train.train_cache,
    "train-sqlite": train.train_sqlite,
    "train-views": train.train_views,
    "train-wide": train.train_wide,
    "load": load.load,
    "online": online.online,
    "online-wide": online.online_wide,
    "online-large": online.online_large,
    "in-process": online.in_process,
    "reload": reload.reload,
}


def number(value):
    """A number as a table shows it."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    for limit, form in [(1_000, ",.0f"), (100, ".0f"), (10, ".1f"), (1, ".2f")]:
        if abs(value) >= limit:
            return format(value, form)
    return f"{value:.3f}"


def cell(value):
    """The median, and in brackets the least and the most where they differ."""
    if not isinstance(value, dict):
        return number(value)
    median, least, most = (number(float(value[key])) for key in ("median", "least", "most"))
    return median if least == most else f"{median} ({least}–{most})"


def markdown(table):
    columns = []
    for row in table["rows"]:
        columns += [column for column in row if column not in columns]
    lines = [f"## {table['title']}", ""]
    if table["target"]:
        lines += [f"Target: {table['target']}.", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in table["rows"]:
        lines.append("| " + " | ".join(cell(row.get(column, "")) for column in columns) + " |")
    lines += [""] + [f"- {note}" for note in table["notes"]]
    return "\n".join(lines).rstrip() + "\n"


def heading(machine, end):
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items()
                         if version)
    begun, ended = (", ".join(f"{value:.1f}" for value in load) for load in (machine["load"], end))
    return (f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB,"
            f" {machine['system']}; {versions}. Load average {begun} at the start, {ended} at the"
            " end. Medians, with the least and the most in brackets.\n")


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fstore", help="the program")
    arguments.add_argument("--programs", help="where Constant, OpenLoop and Kernels are; by default"
                                              " beside the program")
    arguments.add_argument("--data", help="a folder for data, which may become large")
    arguments.add_argument("--results", default=".", help="where results.json and results.md go")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=6,
                           help="how long each run of the jobs over HTTP lasts")
    arguments.add_argument("--feast-rows", type=int, default=100_000)
    arguments.add_argument("--without", action="append", default=[], metavar="RIVAL",
                           help="duckdb, polars or feast")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("jobs", nargs="*", metavar="JOB")
    options = arguments.parse_args()
    if options.list:
        for name, job in JOBS.items():
            print(f"{name:14} {job.__doc__ or ''}".rstrip())
        return
    unknown = set(options.jobs) - set(JOBS)
    if unknown or not options.fstore or not options.data:
        arguments.error(f"there is no job {', '.join(unknown)}; see --list" if unknown
                        else "--fstore and --data are needed")
    if options.quick:
        options.seconds = 1
    options.fstore = os.path.abspath(options.fstore)
    options.programs = os.path.abspath(options.programs or os.path.dirname(options.fstore))
    options.data = os.path.abspath(options.data)
    options.has = lambda rival: (rival not in options.without
                                 and importlib.util.find_spec(rival) is not None)
    os.makedirs(options.data, exist_ok=True)
    os.makedirs(options.results, exist_ok=True)
    machine = measure.machine(options.fstore)
    tables = []
    for name in options.jobs or JOBS:
        print(f"{name}:", file=sys.stderr, flush=True)
        found = JOBS[name](options)
        for table in found if isinstance(found, list) else [found]:
            tables.append({"job": name} | table)
            print(markdown(table), flush=True)
        # After every job: a later one that fails takes nothing away.
        with open(f"{options.results}/results.json", "w") as file:
            json.dump({"date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
                       "machine": machine, "runs": options.runs, "quick": options.quick,
                       "load_at_the_end": os.getloadavg(), "tables": tables}, file, indent=1)
        with open(f"{options.results}/results.md", "w") as file:
            file.write(heading(machine, os.getloadavg()) + "\n")
            file.write("\n".join(markdown(table) for table in tables))


if __name__ == "__main__":
    main()
