"""The feature repositories that the benchmarks use."""
import os
import subprocess

DEFINITIONS = """\
entities:
  - name: driver
    join_keys: [driver_id]
    value_type: int64
data_sources:
  - name: history
    {source}
    timestamp_field: event_timestamp
    created_timestamp_column: created
feature_views:
  - name: driver_stats
    entities: [driver]
    ttl: {ttl}
    schema:
      - {{ name: conv_rate, dtype: float64 }}
      - {{ name: acc_rate, dtype: float64 }}
      - {{ name: avg_rating, dtype: float64 }}
      - {{ name: total_earnings, dtype: float64 }}
      - {{ name: idle_ratio, dtype: float64 }}
      - {{ name: avg_daily_trips, dtype: int64 }}
      - {{ name: completed_trips, dtype: int64 }}
      - {{ name: last_order_id, dtype: int64 }}
      - {{ name: city, dtype: string }}
      - {{ name: vehicle_tag, dtype: string }}
    source: history
feature_services:
  - name: all_features
    features: [driver_stats]
"""

CONFIGURATION = """\
project: benchmark
registry: data/registry.db
offline_store: { type: sqlite, path: data/offline.db }
online_store: { type: rocksdb, path: data/online }
"""


def make(fstore, directory, history, ttl):
    """Makes and applies a repository whose one view reads `history`, a CSV file or a database."""
    if history.endswith(".db"):
        source = f"type: sqlite\n    path: {history}\n    table: history"
    else:
        source = f"type: csv\n    path: {history}"
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/feature_store.yaml", "w") as file:
        file.write(CONFIGURATION)
    with open(f"{directory}/definitions.yaml", "w") as file:
        file.write(DEFINITIONS.format(source=source, ttl=ttl))
    subprocess.run([fstore, "apply", "-c", directory], check=True, stdout=subprocess.DEVNULL)
    return directory
