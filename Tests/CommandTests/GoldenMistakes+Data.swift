extension GoldenMistake {
    /// Entity rows and outputs.
    static let data: [GoldenMistake] = [
        GoldenMistake(
            "materialize",
            1,
            #"""
            error: nothing was applied to the registry <repo>/data/registry.db yet; run `fstore apply`
            """#,
            isApplied: false
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 --feature-service a",
            1,
            #"""
            error: nothing was applied to the registry <repo>/data/registry.db yet; run `fstore apply`
            """#,
            isApplied: false
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f a:b",
            1,
            #"""
            error: nothing was applied to the registry <repo>/data/registry.db yet; run `fstore apply`
            """#,
            isApplied: false
        ),
        GoldenMistake(
            "get-historical-features -d no.csv -f driver_stats:trips",
            1,
            #"""
            error: there is no file no.csv; its folder holds: data, driver.yaml, feature_store.yaml
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data -f driver_stats:trips",
            1,
            #"""
            error: data is a folder; name a file in it
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:trips -o out.parquet",
            1,
            #"""
            error: out.parquet: the ending names no format; use .csv, .jsonl, .db or .sqlite
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:trips -o no/out.csv",
            1,
            #"""
            error: cannot write no/out.csv: there is no folder no; make it first
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:trips -o data/stats.csv",
            1,
            #"""
            error: data/stats.csv belongs to the data source "stats" and would be replaced; name another output
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv --timestamp-field when -f driver_stats:trips",
            1,
            #"""
            error: data/entities.csv has no column "when"; the columns are: driver_id, event_timestamp, label
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:nope",
            1,
            #"""
            error: feature view "driver_stats" has no feature "nope"; the features are: city, conv_rate, trips
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv --feature-service nope",
            1,
            #"""
            error: Feature service nope does not exist in project fleet; the feature services are: activity
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f nope:trips",
            1,
            #"""
            error: Feature view nope does not exist in project fleet; the feature views are: driver_recent, driver_stats
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:trips -f driver_recent:trips",
            1,
            #"""
            error: Duplicate features named trips found; use the full feature names (full_feature_names, --full-feature-names), or ask for features with different names
            """#
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: standard input: the file is empty; its first line must name the columns
            """#
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: standard input has no column "event_timestamp"; the columns are: driver_id, when
            """#,
            input: "driver_id,when\n1,2024-01-01\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: the entity rows have no column "driver_id", a join key of driver_stats; the columns are: event_timestamp, id
            """#,
            input: "event_timestamp,id\n2024-01-01,1\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: entity rows: 1 unreadable in column "event_timestamp" (strict):
              standard input:2: column "event_timestamp": "never" is no time
            mend the cells, or leave out --strict to count them as null
            """#,
            input: "event_timestamp,driver_id\nnever,1\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: entity rows: 1 unreadable in column "driver_id" (strict):
              standard input:2: column "driver_id": "x1" is no int64
            mend the cells, or leave out --strict to count them as null
            """#,
            input: "event_timestamp,driver_id\n2024-01-01,x1\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: standard input:1: two columns are called "driver_id"; rename one
            """#,
            input: "event_timestamp,driver_id,driver_id\n2024-01-01,1,1\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: standard input:2: the row has 3 fields, the header 2; a field with a comma in it needs quotes
            """#,
            input: "event_timestamp,driver_id\n2024-01-01,1,3\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: standard input:2: a quoted field that begins here is never closed; close the quote, or write a quote inside a field twice
            """#,
            input: "event_timestamp,driver_id\n2024-01-01,\"1\n"
        ),
        GoldenMistake(
            "get-historical-features -d - --strict -f driver_stats:trips",
            1,
            #"""
            error: the entity rows have a column "trips", and a feature of driver_stats has the same name; rename the column, or use the full feature names (full_feature_names, --full-feature-names)
            """#,
            input: "event_timestamp,driver_id,trips\n2024-01-01,1,3\n"
        ),
    ]
}
