#!/usr/bin/env python3
"""One training set with another program, as a whole process: read, join, write.

  rival.py ENGINE HISTORY.csv ENTITIES.csv OUTPUT.csv

ENGINE is duckdb (ASOF join), duckdb-ties (also takes the later created time on a tie, as fstore
must) or polars (join_asof after a sort by time and created time). ttl is two days. Needs
`pip install duckdb polars`.
"""
import sys
from datetime import timedelta

COLUMNS = [
    "conv_rate", "acc_rate", "avg_rating", "total_earnings", "idle_ratio",
    "avg_daily_trips", "completed_trips", "last_order_id", "city", "vehicle_tag",
]


def with_duckdb(history, entities, output, ties):
    import duckdb

    source = f"'{history}'"
    if ties:
        source = f"""(select * from {source} qualify row_number() over (
            partition by driver_id, event_timestamp order by created desc) = 1)"""
    features = ", ".join(
        f"case when h.event_timestamp >= e.event_timestamp - interval 2 day then h.{name} end"
        f" as {name}" for name in COLUMNS)
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"""copy (select e.*, {features} from '{entities}' e asof left join {source} h
        on e.driver_id = h.driver_id and e.event_timestamp >= h.event_timestamp)
        to '{output}' (format csv, header)""")


def with_polars(history, entities, output):
    import polars

    left = polars.scan_csv(entities, try_parse_dates=True).sort("event_timestamp")
    right = (polars.scan_csv(history, try_parse_dates=True)
             .sort("event_timestamp", "created").drop("created"))
    left.join_asof(
        right, on="event_timestamp", by="driver_id", strategy="backward",
        tolerance=timedelta(days=2), check_sortedness=False, coalesce=True,
    ).collect().write_csv(output)


engine, files = sys.argv[1], sys.argv[2:5]
if engine == "polars":
    with_polars(*files)
else:
    with_duckdb(*files, ties=engine == "duckdb-ties")
