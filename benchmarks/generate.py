#!/usr/bin/env python3
"""Writes the benchmarks' data; the same bytes on every run.

  generate.py DIRECTORY [--rows 1000000] [--keys 10000] [--entity-rows 100000] [--prefix NAME]

DIRECTORY/history.csv    driver_id, event_timestamp, created, then 5 floats, 3 integers, 2 strings;
                         rows in the order they were created, over 30 days
DIRECTORY/history.db     the same as table `history` of SQLite (times as text), indexed by
                         (driver_id, event_timestamp); only with --sqlite
DIRECTORY/entities.csv   driver_id, event_timestamp, label; every 50th has an unknown driver

One row in a hundred repeats the (driver, time) of the row before with a later created time; one
cell in a hundred of acc_rate and vehicle_tag is empty. With --every-key the first rows visit each
key once, so that a load writes exactly --keys keys.
"""
import argparse
import os
import random
import sqlite3
from datetime import datetime, timedelta, timezone

BASE = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECONDS = 30 * 86400
COLUMNS = [
    "conv_rate", "acc_rate", "avg_rating", "total_earnings", "idle_ratio",
    "avg_daily_trips", "completed_trips", "last_order_id", "city", "vehicle_tag",
]


def time_texts():
    """A function from seconds since BASE to text, quick because days repeat."""
    days = [(BASE + timedelta(days=day)).strftime("%Y-%m-%d ") for day in range(32)]
    clock = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86400)]
    return lambda seconds: days[seconds // 86400] + clock[seconds % 86400]


def history_rows(rows, keys, every_key, seed):
    """Rows as lists of text, in the order they were created."""
    draw = random.Random(seed)
    text = time_texts()
    order = list(range(keys))
    if every_key:
        draw.shuffle(order)
    last_driver, last_second = 0, 0
    for row in range(rows):
        created = row * SECONDS // rows + 3600
        driver = order[row] if every_key and row < keys else int(draw.random() * keys)
        second = created - 1 - int(draw.random() * 3600)
        repeats = not (every_key and row < keys)
        if repeats and row % 100 == 99:
            driver, second = last_driver, last_second
        last_driver, last_second = driver, second
        yield [
            str(1001 + driver), text(second), text(created),
            f"{draw.random():.6f}", "" if draw.random() < 0.01 else f"{draw.random():.6f}",
            f"{1 + 4 * draw.random():.2f}", f"{draw.random() * 500:.2f}", repr(draw.random()),
            str(int(draw.random() * 1000)), str(int(draw.random() * 100000)),
            str(10**9 + int(draw.random() * 10**12)), f"city_{int(draw.random() * 50):02d}",
            "" if draw.random() < 0.01 else f"veh_{int(draw.random() * 10000):06d}",
        ]


def write_sqlite(path, rows):
    if os.path.exists(path):
        os.remove(path)
    database = sqlite3.connect(path)
    database.execute("pragma journal_mode = off")
    kinds = ["INTEGER", "TEXT", "TEXT"] + ["REAL"] * 5 + ["INTEGER"] * 3 + ["TEXT"] * 2
    names = ["driver_id", "event_timestamp", "created"] + COLUMNS
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds))
    database.execute(f"create table history ({columns})")
    marks = ", ".join("?" * len(names))
    database.executemany(
        f"insert into history values ({marks})",
        # Python reads numbers exactly; SQLite's own reading of text may be off by the last bit.
        (row[:3] + [float(cell) if cell else None for cell in row[3:8]]
         + row[8:11] + [cell or None for cell in row[11:]] for row in rows),
    )
    database.execute("create index history_key on history (driver_id, event_timestamp)")
    database.commit()
    database.close()


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--keys", type=int, default=10_000)
    arguments.add_argument("--entity-rows", type=int, default=100_000)
    arguments.add_argument("--every-key", action="store_true")
    arguments.add_argument("--sqlite", action="store_true")
    arguments.add_argument("--seed", type=int, default=42)
    options = arguments.parse_args()
    os.makedirs(options.directory, exist_ok=True)
    shape = (options.rows, options.keys, options.every_key, options.seed)
    with open(f"{options.directory}/history.csv", "w", buffering=1 << 20) as file:
        file.write(",".join(["driver_id", "event_timestamp", "created"] + COLUMNS) + "\n")
        for row in history_rows(*shape):
            file.write(",".join(row) + "\n")
    if options.sqlite:
        write_sqlite(f"{options.directory}/history.db", history_rows(*shape))
    draw = random.Random(options.seed + 1)
    text = time_texts()
    with open(f"{options.directory}/entities.csv", "w", buffering=1 << 20) as file:
        file.write("driver_id,event_timestamp,label\n")
        for row in range(options.entity_rows):
            driver = 1001 + int(draw.random() * options.keys)
            if row % 50 == 49:
                driver += 10_000_000
            second = 86400 + int(draw.random() * (SECONDS - 86400))
            file.write(f"{driver},{text(second)},{row % 2}\n")


if __name__ == "__main__":
    main()
