"""The benchmarks' data: the same bytes on every run. Each function makes what is not there yet.

History has driver_id, event_timestamp, created_timestamp, 5 floats, 3 integers and 2 texts, over
30 days, in the order in which the rows were created. One row in a hundred repeats an earlier driver
and time with a later created time, one cell in a hundred of two columns is null, and one entity row
in fifty has an unknown driver.
"""
import os
import sqlite3

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.parquet

BASE = int(numpy.datetime64("2026-01-01T00:00:00", "s").astype("int64"))
SPAN = 30 * 86400
COLUMNS = ["conv_rate", "acc_rate", "avg_rating", "total_earnings", "idle_ratio",
           "avg_daily_trips", "completed_trips", "last_order_id", "city", "vehicle_tag"]
TYPES = ["float64"] * 5 + ["int64"] * 3 + ["string"] * 2
CITIES = numpy.array([f"city_{number:02d}" for number in range(50)], dtype=object)
TAGS = numpy.array([f"veh_{number:06d}" for number in range(10_000)], dtype=object)


def times(seconds):
    return pyarrow.array(seconds.astype("datetime64[s]"))


def features(draw, rows, prefix=""):
    """The ten feature columns."""
    def text(values, count, mask=None):
        indices = pyarrow.array(draw.integers(0, count, rows).astype(numpy.int32), mask=mask)
        return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(values)).cast("string")

    return dict(zip([prefix + name for name in COLUMNS], [
        pyarrow.array(numpy.round(draw.random(rows), 6)),
        pyarrow.array(numpy.round(draw.random(rows), 6), mask=draw.random(rows) < 0.01),
        pyarrow.array(numpy.round(1 + 4 * draw.random(rows), 2)),
        pyarrow.array(numpy.round(draw.lognormal(4, 1, rows), 2)),
        pyarrow.array(draw.random(rows)),
        pyarrow.array(draw.integers(0, 1000, rows)),
        pyarrow.array(draw.integers(0, 100_000, rows)),
        pyarrow.array(draw.integers(10**9, 10**12, rows)),
        text(CITIES, 50), text(TAGS, 10_000, mask=draw.random(rows) < 0.01),
    ]))


def write(table, path):
    """Writes a table as Parquet and as CSV."""
    pyarrow.parquet.write_table(table, f"{path}.parquet", row_group_size=1 << 20)
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    pyarrow.csv.write_csv(table, f"{path}.csv", options)


def history(data, rows, views=1, entity_rows=(10_000, 100_000, 1_000_000), database=True):
    """`rows` rows of `rows / 100` drivers for each view, and entity rows; gives the folder."""
    directory = f"{data}/history-{rows}"
    os.makedirs(directory, exist_ok=True)
    drivers = max(1, rows // 100)
    for view in range(views):
        path = f"{directory}/driver_stats{'' if view == 0 else f'_v{view + 1}'}"
        if not os.path.exists(f"{path}.csv"):
            draw = numpy.random.default_rng(42 + view)
            driver = draw.integers(1001, 1001 + drivers, rows)
            event = BASE + draw.integers(0, SPAN, rows)
            created = event + draw.integers(1, 3600, rows)
            again = draw.choice(rows, rows // 100, replace=False)
            first = draw.integers(0, rows, again.size)
            driver[again], event[again] = driver[first], event[first]
            created[again] = created[first] + draw.integers(1, 600, again.size)
            order = numpy.argsort(created, kind="stable")
            columns = {"driver_id": pyarrow.array(driver[order]),
                       "event_timestamp": times(event[order]),
                       "created_timestamp": times(created[order])}
            prefix = "" if view == 0 else f"v{view + 1}_"
            write(pyarrow.table(columns | features(draw, rows, prefix)), path)
    for count in entity_rows:
        path = f"{directory}/entities-{count}"
        if not os.path.exists(f"{path}.csv"):
            draw = numpy.random.default_rng(1000 + count)
            driver = draw.integers(1001, 1001 + drivers, count)
            driver[draw.random(count) < 0.02] += 10_000_000
            write(pyarrow.table({
                "driver_id": pyarrow.array(driver),
                "event_timestamp": times(BASE + draw.integers(86400, SPAN, count)),
                "label": pyarrow.array(draw.integers(0, 2, count)),
            }), path)
    if database:
        write_database(directory)
    return directory


def write_database(directory):
    """The first view as a table of SQLite, indexed by key and time; times are texts."""
    path = f"{directory}/history.db"
    if os.path.exists(path):
        return
    source = pyarrow.parquet.ParquetFile(f"{directory}/driver_stats.parquet")
    kinds = {"int64": "INTEGER", "double": "REAL"}
    columns = ", ".join(f"{field.name} {kinds.get(str(field.type), 'TEXT')}"
                        for field in source.schema_arrow)
    database = sqlite3.connect(f"{path}.part")
    database.execute("pragma journal_mode = off")
    database.execute("pragma synchronous = off")
    database.execute(f"create table driver_stats ({columns})")
    marks = ", ".join("?" * len(source.schema_arrow))
    for batch in source.iter_batches(200_000):
        cells = [
            [str(time) for time in column.to_pylist()]
            if pyarrow.types.is_timestamp(column.type) else column.to_pylist()
            for column in batch.columns]
        database.executemany(f"insert into driver_stats values ({marks})", zip(*cells))
    database.execute("create index driver_stats_key on driver_stats"
                     " (driver_id, event_timestamp, created_timestamp)")
    database.commit()
    database.close()
    os.rename(f"{path}.part", path)


def load(data, rows, keys):
    """History whose first rows visit each of the drivers 0 ..< `keys` once, as CSV; and Parquet
    when it is one row a driver."""
    path = f"{data}/load-{rows}-{keys}"
    if os.path.exists(f"{path}.csv"):
        return path
    os.makedirs(data, exist_ok=True)
    options = pyarrow.csv.WriteOptions(quoting_style="none", include_header=False)
    with open(f"{path}.part", "wb") as file:
        file.write(",".join(["driver_id", "event_timestamp", "created_timestamp", *COLUMNS])
                   .encode() + b"\n")
        for start in range(0, rows, 1_000_000):
            count = min(1_000_000, rows - start)
            draw = numpy.random.default_rng(7_000 + start)
            driver = draw.integers(0, keys, count)
            visits = max(0, min(count, keys - start))
            order = numpy.random.default_rng(7).permutation(keys)
            driver[:visits] = order[start:start + visits]
            created = BASE + (start + numpy.arange(count)) * SPAN // rows + 3600
            table = pyarrow.table({
                "driver_id": pyarrow.array(driver),
                "event_timestamp": times(created - 1 - draw.integers(0, 3600, count)),
                "created_timestamp": times(created),
            } | features(draw, count))
            pyarrow.csv.write_csv(table, file, options)
            if rows == keys and rows <= 1_000_000:
                pyarrow.parquet.write_table(table, f"{path}.parquet")
    os.rename(f"{path}.part", f"{path}.csv")
    return path


def wide(data, views, width, rows, keys, entity_rows=0):
    """`views` histories of `width` integer features each, and entity rows; gives the folder."""
    directory = f"{data}/wide-{views}-{width}-{rows}-{keys}"
    if os.path.exists(f"{directory}/entities.csv"):
        return directory
    os.makedirs(directory, exist_ok=True)
    for view in range(views):
        draw = numpy.random.default_rng(90 + view)
        event = numpy.sort(BASE + draw.integers(0, SPAN, rows))
        driver = draw.integers(0, keys, rows)
        driver[:keys] = draw.permutation(keys)[:rows]
        columns = {"driver_id": pyarrow.array(driver), "event_timestamp": times(event),
                   "created_timestamp": times(event + 60)}
        for feature in range(width):
            columns[f"f{view}_{feature}"] = pyarrow.array(draw.integers(1, 10**6, rows))
        write(pyarrow.table(columns), f"{directory}/view_{view}")
    draw = numpy.random.default_rng(89)
    write(pyarrow.table({
        "driver_id": pyarrow.array(draw.integers(0, keys, entity_rows)),
        "event_timestamp": times(BASE + draw.integers(86400, SPAN, entity_rows)),
        "label": pyarrow.array(draw.integers(0, 2, entity_rows)),
    }), f"{directory}/entities")
    return directory
