extension GoldenMistake {
    /// Sources, stores and definitions.
    static let definitions: [GoldenMistake] = [
        GoldenMistake(
            "materialize --strict",
            1,
            #"""
            warning: driver_stats: <repo>/data/stats.csv:6: column "driver_id": "x7" is no int64
            warning: driver_recent: <repo>/data/stats.csv:6: column "driver_id": "x7" is no int64
            error: 2 of 2 feature views were not loaded and are as they were:
            feature view "driver_stats": source "stats": 1 bad row of 5 (strict):
              <repo>/data/stats.csv:6: column "driver_id": "x7" is no int64
            mend the rows, or leave out --strict to pass over them
            feature view "driver_recent": source "stats": 1 bad row of 5 (strict):
              <repo>/data/stats.csv:6: column "driver_id": "x7" is no int64
            mend the rows, or leave out --strict to pass over them
            """#,
            files: ["data/stats.csv": FleetRepository.stats + "2024-01-04,x7,1,1,,\n"]
        ),
        GoldenMistake(
            "materialize",
            1,
            #"""
            error: 1 of 2 feature views was not loaded and is as it was:
            feature view "driver_stats": <repo>/data/stats.csv has no column "city"; the columns are: conv_rate, created, driver_id, event_timestamp, trips
            """#,
            files: ["data/stats.csv": "event_timestamp,driver_id,conv_rate,trips,created\n"]
        ),
        GoldenMistake(
            "materialize",
            1,
            #"""
            error: 2 of 2 feature views were not loaded and are as they were:
            feature view "driver_stats": <repo>/data/stats.csv: the file is empty; its first line must name the columns
            feature view "driver_recent": <repo>/data/stats.csv: the file is empty; its first line must name the columns
            """#,
            files: ["data/stats.csv": ""]
        ),
        GoldenMistake(
            "status",
            1,
            #"""
            error: <repo>/data/registry.db is no registry, or is damaged: <repo>/data/registry.db: file is not a database (in: SELECT count(*) FROM sqlite_master); name another file as the registry in feature_store.yaml, or put a copy back
            """#,
            files: ["data/registry.db": "no database, text"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            error: <repo>/data/registry.db is no registry, or is damaged: <repo>/data/registry.db: file is not a database (in: SELECT count(*) FROM sqlite_master); name another file as the registry in feature_store.yaml, or put a copy back
            """#,
            files: ["data/registry.db": "no database, text"]
        ),
        GoldenMistake(
            "materialize",
            1,
            #"""
            error: the online store at <repo>/data/online failed: IO error: `<repo>/data/online' exists but is not a directory; see that it is a folder that may be written, with room on its disk
            """#,
            files: ["data/online": "a file where a folder should be"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:17:10: error: "ttl" of feature view "driver_stats" must be a duration, not the text "soon"; write a whole number and a unit: 90s, 15m, 6h, 1d or 2w
            driver.yaml:18:5: error: feature view "driver_stats" has an unknown key "owne"; did you mean "owner"?
            2 problems; nothing was changed
            """#,
            edit: ("ttl: 0", "ttl: soon\n    owne: me")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:19:35: error: "dtype" of feature "conv_rate" of feature view "driver_stats" is an unknown type "flaot32"; did you mean "float32"?
            1 problem; nothing was changed
            """#,
            edit: ("float32", "flaot32")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:16:16: error: feature view "driver_stats" names an unknown entity "drver"; did you mean "driver"?
            driver.yaml:24:16: error: feature view "driver_recent" names an unknown entity "drver"; did you mean "driver"?
            2 problems; nothing was changed
            """#,
            edit: ("entities: [driver]", "entities: [drver]")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:22:13: error: feature view "driver_stats" names an unknown data source "stast"; did you mean "stats"?
            driver.yaml:28:13: error: feature view "driver_recent" names an unknown data source "stast"; did you mean "stats"?
            2 problems; nothing was changed
            """#,
            edit: ("source: stats", "source: stast")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": there is no file <repo>/data/nowhere.csv; its folder holds: audit.jsonl, entities.csv, registry.db, registry.db-shm, registry.db-wal, registry.db.applied, stats.csv
            1 problem; nothing was changed
            """#,
            edit: ("data/stats.csv", "data/nowhere.csv")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": no file matches <repo>/data/*.tsv; its folder holds: audit.jsonl, entities.csv, registry.db, registry.db-shm, registry.db-wal, registry.db.applied, stats.csv
            1 problem; nothing was changed
            """#,
            edit: ("data/stats.csv", "data/*.tsv")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:33:24: error: feature service "activity" names an unknown feature "conv_rate" of feature view "driver_stats"; did you mean "konv_rate"?
            1 problem; nothing was changed
            """#,
            edit: ("name: conv_rate", "name: konv_rate")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:23:5: error: feature view "driver_stats" is defined again; it is defined at driver.yaml:15; rename or remove one of them
            driver.yaml:34:9: error: feature service "activity" names an unknown feature view "driver_recent"; the feature views are: driver_stats
            2 problems; nothing was changed
            """#,
            edit: ("name: driver_recent", "name: driver_stats")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            error: nothing was applied, because this would lose data or break a service:
              feature view "driver_stats": starts generation 2: changes the join keys from [driver_id int64] to [driver_id string]
              feature view "driver_stats": feature service "activity" uses the view unpinned and would get nothing from it until the next load; pin "driver_stats@v1" in it to stay with generation 1
              feature view "driver_recent": starts generation 2: changes the join keys from [driver_id int64] to [driver_id string]
              feature view "driver_recent": feature service "activity" uses the view unpinned and would get nothing from it until the next load; pin "driver_recent@v1" in it to stay with generation 1
            allow it with --allow-destroy
            """#,
            edit: ("value_type: int64", "value_type: string")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:20:9: error: feature "trips": <repo>/data/stats.csv:2: column "trips" has "10", which is no bool (4 of 4 sampled); declare it as int64, which fits all sampled values
            1 problem; nothing was changed
            """#,
            edit: ("dtype: int64, description: trips a day", "dtype: bool")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:19:9: error: feature "conv_rate": <repo>/data/stats.csv:2: column "conv_rate" has "0.5", which is no int64 (3 of 3 sampled); declare it as float64, which fits all sampled values
            1 problem; nothing was changed
            """#,
            edit: ("conv_rate, dtype: float32", "conv_rate, dtype: int64")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:21:9: error: feature "city": <repo>/data/stats.csv:2: column "city" has "Oslo", which is no int64 (3 of 3 sampled); declare it as string, which fits all sampled values
            1 problem; nothing was changed
            """#,
            edit: ("city, dtype: string", "city, dtype: int64")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:11:22: error: timestamp_field "time" needs the column "time", which source "stats" does not have; did you mean "event_timestamp"?
            1 problem; nothing was changed
            """#,
            edit: ("timestamp_field: event_timestamp", "timestamp_field: time")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:21:9: error: feature view "driver_stats" has a feature named "city" like the timestamp field of its source; rename or remove the feature
            1 problem; nothing was changed
            """#,
            edit: ("timestamp_field: event_timestamp", "timestamp_field: city")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:33:24: error: feature service "activity" names an unknown feature "conv_rte" of feature view "driver_stats"; did you mean "conv_rate"?
            1 problem; nothing was changed
            """#,
            edit: ("[conv_rate, city]", "[conv_rte, city]")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": <repo>/data is a folder; name a file in it
            1 problem; nothing was changed
            """#,
            edit: ("path: data/stats.csv", "path: data")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:34:9: error: feature service "activity" names an unknown feature view "driver_recnt"; did you mean "driver_recent"?
            1 problem; nothing was changed
            """#,
            edit: ("      - driver_recent\n", "      - driver_recnt\n")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:16:15: error: join key "id" needs the column "id", which source "stats" does not have; the columns are: city, conv_rate, created, driver_id, event_timestamp, trips
            driver.yaml:24:15: error: join key "id" needs the column "id", which source "stats" does not have; the columns are: city, conv_rate, created, driver_id, event_timestamp, trips
            2 problems; nothing was changed
            """#,
            edit: ("join_keys: [driver_id]", "join_keys: [id]")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:8:5: error: source "stats": there is no database <repo>/data/offline.db; its folder holds: audit.jsonl, entities.csv, registry.db, registry.db-shm, registry.db-wal, registry.db.applied, stats.csv
            1 problem; nothing was changed
            """#,
            edit: ("type: csv\n    path: data/stats.csv", "type: sqlite\n    table: stats")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": there is no database <repo>/data/w.db; its folder holds: audit.jsonl, entities.csv, registry.db, registry.db-shm, registry.db-wal, registry.db.applied, stats.csv
            1 problem; nothing was changed
            """#,
            edit: (
                "type: csv\n    path: data/stats.csv",
                "type: sqlite\n    path: data/w.db\n    table: stats"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:11:12: error: source "stats": <repo>/data/registry.db: near "SELEC": syntax error (in: SELEC 1); the query must be one SELECT statement over the tables of that database
            1 problem; nothing was changed
            """#,
            edit: (
                "type: csv\n    path: data/stats.csv",
                "type: sqlite\n    path: data/registry.db\n    query: SELEC 1"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:11:12: error: source "stats": <repo>/data/registry.db: no such table: x (in: DELETE FROM x); the query must be one SELECT statement over the tables of that database
            1 problem; nothing was changed
            """#,
            edit: (
                "type: csv\n    path: data/stats.csv",
                "type: sqlite\n    path: data/registry.db\n    query: DELETE FROM x"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:34:62: error: feature service "activity" maps "driver", which is no join key of "driver_recent"; did you mean "driver_id"?
            1 problem; nothing was changed
            """#,
            edit: (
                "      - driver_recent\n",
                "      - {feature_view: driver_recent, join_key_map: {driver: x}}\n"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:24:5: error: feature view "driver_recent" has an unknown key "schemas"; did you mean "schema"?
            1 problem; nothing was changed
            """#,
            edit: ("  - name: driver_recent\n", "  - name: driver_recent\n    schemas: []\n")
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:32:29: error: on-demand feature view "od" names an unknown source "rq"; the sources are: driver_recent, driver_stats
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_services:",
                "on_demand_feature_views:\n  - name: od\n    sources: [driver_stats, rq]\n    features: [{name: a, dtype: float64, expression: trips * 2}]\nfeature_services:"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:32:14: error: on-demand feature view "od" has no sources; name feature views and request sources: sources: [view, request]
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_services:",
                "on_demand_feature_views:\n  - name: od\n    sources: []\n    features: [{name: a, dtype: float64, expression: 1}]\nfeature_services:"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:31:11: error: on-demand feature view "driver_stats" has the name of the feature view "driver_stats"; rename one of them
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_services:",
                "on_demand_feature_views:\n  - name: driver_stats\n    sources: [driver_stats]\n    features: [{name: a, dtype: float64, expression: 1}]\nfeature_services:"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:14:42: error: data source "pu" names an unknown batch source "stast"; did you mean "stats"?
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_views:\n",
                "  - {name: pu, type: push, batch_source: stast}\nfeature_views:\n"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:14:66: error: data source "pu" has both "batch_source" and "timestamp_field"; remove "timestamp_field": pushed rows have the times of the batch source
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_views:\n",
                "  - {name: pu, type: push, batch_source: stats, timestamp_field: x}\nfeature_views:\n"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:14:39: error: data source "rq" has no values; list what a request brings: schema: [{ name: …, dtype: int64 }]
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_views:\n", "  - {name: rq, type: request, schema: []}\nfeature_views:\n"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:14:57: error: "dtype" of value "a" of data source "rq" is an unknown type "flot"; the types are: int32, int64, float32, float64, string, bytes, bool, unix_timestamp, array(…) of these, map, json, uuid, decimal
            1 problem; nothing was changed
            """#,
            edit: (
                "feature_views:\n",
                "  - {name: rq, type: request, schema: [{name: a, dtype: flot}]}\nfeature_views:\n"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            driver.yaml:22:13: error: feature view "driver_stats" has the source "driver_stats_source", whose values come with each request; name a source with history, or use it in an on-demand feature view
            1 problem; nothing was changed
            """#,
            edit: (
                "source: stats\n  - name: driver_recent",
                "source: {type: request, schema: [{name: a, dtype: int64}]}\n  - name: driver_recent"
            )
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            feature_store.yaml:2:1: error: this is not YAML: while scanning a plain scalar that begins at 1:10 found a tab character that violates indentation; check the indentation, quotes and brackets before this place
            1 problem; nothing was changed
            """#,
            files: ["feature_store.yaml": "project: x\n\t- y"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            feature_store.yaml:1:1: error: feature_store.yaml has no "project"; add "project: …"
            1 problem; nothing was changed
            """#,
            files: ["feature_store.yaml": "registry: data/r.db\n"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            feature_store.yaml:1:10: error: the project's name "a b" is not allowed; use letters, digits, _ and -, and begin with a letter or digit
            1 problem; nothing was changed
            """#,
            files: ["feature_store.yaml": "project: a b\n"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            feature_store.yaml:2:16: error: "offline_store" must be a map, not the text "sqlite"; write "key: value" pairs
            1 problem; nothing was changed
            """#,
            files: ["feature_store.yaml": "project: x\noffline_store: sqlite\n"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            error: the registry <repo>/data/registry.db belongs to the project "fleet", not to "other"; name another file as "registry" in feature_store.yaml, or tear the other project down first
            """#,
            files: ["feature_store.yaml": "project: other\nregistry: data/registry.db\n"]
        ),
        GoldenMistake(
            "apply",
            1,
            #"""
            feature_store.yaml:1:10: error: "project" of feature_store.yaml needs the environment variable "NOPE", which is not set; set it, or write the value here
            1 problem; nothing was changed
            """#,
            files: ["feature_store.yaml": "project: ${NOPE}\n"]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:2:1: error: this is not YAML: while parsing a flow mapping that begins at 1:12 did not find expected ',' or '}'; check the indentation, quotes and brackets before this place
            1 problem; nothing was changed
            """#,
            files: ["driver.yaml": "entities: [{name: a"]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:1:1: error: driver.yaml defines nothing; add definitions, or remove the file
            1 problem; nothing was changed
            """#,
            files: ["driver.yaml": ""]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            other.yaml:2:5: error: entity "driver" is defined again; it is defined at driver.yaml:2; rename or remove one of them
            other.yaml:8:5: error: data source "stats" is defined again; it is defined at driver.yaml:8; rename or remove one of them
            other.yaml:15:5: error: feature view "driver_stats" is defined again; it is defined at driver.yaml:15; rename or remove one of them
            other.yaml:23:5: error: feature view "driver_recent" is defined again; it is defined at driver.yaml:23; rename or remove one of them
            other.yaml:31:5: error: feature service "activity" is defined again; it is defined at driver.yaml:31; rename or remove one of them
            5 problems; nothing was changed
            """#,
            files: ["other.yaml": FleetRepository.definitions]
        ),
    ]
}
