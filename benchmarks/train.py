"""Jobs that make training sets."""
import os
import sys

import data
import repository
from agreement import check_training_sets
from measure import contest

HERE = os.path.dirname(os.path.abspath(__file__))


def rival(options, engine, entities, histories, output, days=2):
    return {"command": [sys.executable, f"{HERE}/rival.py", engine, entities, output, *histories],
            "environment": dict(os.environ, TTL_DAYS=str(days))}


def fstore(options, directory, entities, output):
    return {"command": [options.fstore, "get-historical-features", "-c", directory,
                        "--feature-service", "all_features", "-d", entities, "-o", output]}


def table(options, title, contestants, outputs, target, agreeing):
    """Measures, checks the outputs of the rivals in `agreeing` against fstore's, and reports."""
    first = next(iter(contestants))
    results = contest(contestants, options.runs)
    rows = []
    for name, result in results.items():
        rows.append({"": name, "runs": result["runs"], "wall s": result["wall"],
                     f"of {first}": result["wall"]["median"] / results[first]["wall"]["median"],
                     "processor s": result["processor"], "peak MB": result["memory"],
                     "private MB": result["private"], "others, cores": result["others"]})
    notes = check_training_sets({name: outputs[name] for name in agreeing if name in outputs},
                                outputs[first])
    for path in outputs.values():
        if os.path.exists(path):
            os.remove(path)
    return {"title": title, "target": target, "rows": rows, "notes": notes}


def one_view(options, label, rows, entity_rows, kinds, target, rivals):
    """One view of 10 features; `kinds` are csv, sqlite and cache, in which fstore reads it."""
    folder = data.history(options.data, rows, entity_rows=[entity_rows],
                          database="sqlite" in kinds)
    entities = f"{folder}/entities-{entity_rows}"
    contestants, outputs = {}, {}
    for kind in kinds:
        name = f"fstore, {'CSV read again' if kind == 'cache' else kind.upper()}"
        source = f"{folder}/{'history.db' if kind == 'sqlite' else 'driver_stats.csv'}"
        directory = repository.make(
            options.fstore, f"{options.data}/repository-{label}-{kind}",
            [repository.driver_view(source)], offline=", cache: true" if kind == "cache" else "")
        outputs[name] = f"{options.data}/{label}-{kind}.csv"
        contestants[name] = fstore(options, directory, f"{entities}.csv", outputs[name])
    for engine, ending in rivals:
        if not options.has(engine.split("-")[0]):
            continue
        name = f"{engine}, {'CSV' if ending == 'csv' else 'Parquet'}"
        outputs[name] = f"{options.data}/{label}-{engine}-{ending}.csv"
        contestants[name] = rival(options, engine, f"{entities}.{ending}",
                                  [f"{folder}/driver_stats.{ending}"], outputs[name])
    title = (f"Training set: {rows:,} history rows of 10 features, {entity_rows:,} entity rows,"
             " ttl 2 days")
    agreeing = [name for name in outputs if name.startswith(("fstore", "duckdb-ties", "polars"))]
    return table(options, title, contestants, outputs, target, agreeing[1:])


def train_1m(options):
    rows, entities = (20_000, 2_000) if options.quick else (1_000_000, 100_000)
    return one_view(options, "train-1m", rows, entities, ["csv"],
                    "less time than DuckDB's ASOF join",
                    [("duckdb", "csv"), ("duckdb-ties", "csv"), ("polars", "csv")])


def train_10m(options):
    rows, entities = (40_000, 4_000) if options.quick else (10_000_000, 100_000)
    return one_view(options, "train-10m", rows, entities, ["csv"],
                    "at most half of the time and a third of the memory of DuckDB's ASOF join",
                    [("duckdb", "csv"), ("duckdb-ties", "csv"), ("polars", "csv")])


def train_cache(options):
    rows, entities = (40_000, 4_000) if options.quick else (10_000_000, 100_000)
    return one_view(options, "train-cache", rows, entities, ["cache"],
                    "3 x faster than DuckDB's ASOF join from Parquet",
                    [("duckdb", "parquet"), ("duckdb-ties", "parquet"), ("polars", "parquet")])


def train_sqlite(options):
    rows, entities = (40_000, 1_000) if options.quick else (10_000_000, 10_000)
    return one_view(options, "train-sqlite", rows, entities, ["sqlite"], "at most 0.15 s",
                    [("duckdb", "parquet"), ("duckdb-ties", "parquet")])


def train_views(options):
    rows = 20_000 if options.quick else 1_000_000
    folder = data.history(options.data, rows, views=3, entity_rows=[rows], database=False)
    names = ["driver_stats", "driver_stats_v2", "driver_stats_v3"]
    views = [repository.driver_view(f"{folder}/{name}.csv", number)
             for number, name in enumerate(names)]
    directory = repository.make(options.fstore, f"{options.data}/repository-views", views)
    return many_views(options, "train-views", directory, folder, f"entities-{rows}", names, 2,
                      f"Training set: 3 views of 10 features and {rows:,} rows each,"
                      f" {rows:,} entity rows", "at most 0.7 of the faster of Polars and DuckDB")


def train_wide(options):
    width, rows, keys = (20, 2_000, 1_000) if options.quick else (100, 50_000, 17_000)
    entity_rows = 1_000 if options.quick else 17_000
    folder = data.wide(options.data, 10, width, rows, keys, entity_rows)
    names = [f"view_{number}" for number in range(10)]
    views = [repository.wide_view(f"{folder}/{name}.csv", number, width)
             for number, name in enumerate(names)]
    directory = repository.make(options.fstore, f"{options.data}/repository-wide", views)
    return many_views(options, "train-wide", directory, folder, "entities", names, 0,
                      f"Training set: {10 * width:,} features over 10 views of {rows:,} rows each,"
                      f" {entity_rows:,} entity rows", "under 5 s and 500 MB")


def many_views(options, label, directory, folder, entities, names, days, title, target):
    outputs = {"fstore, CSV": f"{options.data}/{label}.csv"}
    contestants = {"fstore, CSV": fstore(options, directory, f"{folder}/{entities}.csv",
                                         outputs["fstore, CSV"])}
    for engine in ["duckdb", "duckdb-ties", "polars"]:
        if not options.has(engine.split("-")[0]):
            continue
        name = f"{engine}, CSV"
        outputs[name] = f"{options.data}/{label}-{engine}.csv"
        contestants[name] = rival(options, engine, f"{folder}/{entities}.csv",
                                  [f"{folder}/{view}.csv" for view in names], outputs[name], days)
    return table(options, title, contestants, outputs, target, ["duckdb-ties, CSV", "polars, CSV"])
