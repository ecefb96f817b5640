extension GoldenMistake {
    /// Files that are no text or no YAML, mappings, and names of another kind.
    static let sources: [GoldenMistake] = [
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:4:5: error: entity "driver" has an unknown key "value_typ"; did you mean "value_type"?
            driver.yaml:26:11: error: this is not YAML: while parsing a flow sequence that begins at 25:10 did not find expected ',' or ']'; check the indentation, quotes and brackets before this place
            2 problems; nothing was changed
            """#,
            files: [
                "driver.yaml": FleetRepository.definitions
                    .replacing("ttl: 1d", with: "ttl: [1d")
                    .replacing("value_type: int64", with: "value_typ: int64")
                    .replacing(
                        "- driver_stats: [conv_rate, city]",
                        with: "- driver_stat: [conv_rate, city]"
                    )
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:7:1: error: this is not YAML: while scanning a quoted scalar that begins at 5:18 found unexpected end of stream; check the indentation, quotes and brackets before this place
            driver.yaml:25:5: error: feature view "driver_recent" has an unknown key "tll"; did you mean "ttl"?
            2 problems; nothing was changed
            """#,
            files: [
                "driver.yaml": FleetRepository.definitions
                    .replacing("a driver", with: "\"a driver")
                    .replacing("ttl: 1d", with: "tll: 1d")
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:5:18: error: this is not YAML: while scanning for the next token found character that cannot start any token; put the text in quotes, without which none begins with "@"
            1 problem; nothing was changed
            """#,
            files: [
                "driver.yaml": FleetRepository.definitions
                    .replacing("a driver", with: "@driver")
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:5:19: error: this is not YAML: mapping values are not allowed in this context; check the indentation, quotes and brackets before this place
            driver.yaml:36:1: error: this is not YAML: while parsing a flow sequence that begins at 34:24 did not find expected ',' or ']'; check the indentation, quotes and brackets before this place
            2 problems; nothing was changed
            """#,
            files: [
                "driver.yaml": FleetRepository.definitions
                    .replacing("a driver", with: "a: driver")
                    .replacing("- driver_recent", with: "- driver_recent: [trips")
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:10:11: error: source "stats" has none of the columns that are needed; its header is one column, "event_timestamp;driver_id;conv_rate;trips;city;created"; give the source the character between its columns, such as delimiter: ";"
            1 problem; nothing was changed
            """#,
            files: [
                "data/stats.csv": FleetRepository.stats
                    .replacing(",", with: ";")
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:10:11: error: source "stats" has none of the columns that are needed; its header is one column, "event_timestamp,driver_id,conv_rate,trips,city,created"; give the source the character between its columns, such as delimiter: ","
            1 problem; nothing was changed
            """#,
            edit: ("data/stats.csv", "data/stats.csv\n    delimiter: tab")
        ),
        GoldenMistake(
            "materialize -v driver_stats",
            1,
            #"""
            error: 1 of 1 feature view was not loaded and is as it was:
            feature view "driver_stats": <repo>/data/stats.csv has no column "driver_id"; its header is one column, "event_timestamp|driver_id|conv_rate|trips|city|created"; give the source the character between its columns, such as delimiter: "|"
            """#,
            files: [
                "data/stats.csv": FleetRepository.stats
                    .replacing(",", with: "|")
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": <repo>/data/stats.csv: the file is no text: it is Parquet; write it as CSV
            1 problem; nothing was changed
            """#,
            files: ["data/stats.csv": "PAR1 and more"]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": <repo>/data/stats.csv: the file is no text: it is an SQLite database; use a source of that type
            1 problem; nothing was changed
            """#,
            files: ["data/stats.csv": "SQLite format 3 and more"]
        ),
        GoldenMistake(
            "materialize -v driver_recent",
            1,
            #"""
            error: 1 of 1 feature view was not loaded and is as it was:
            feature view "driver_recent": <repo>/data/stats.csv: the file is no text: it is a zip archive or a workbook; save it as CSV
            """#,
            files: ["data/stats.csv": "PK\u{3}\u{4}"]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:11:28: error: field_mapping maps the column "trip", which source "stats" does not have; did you mean "trips"?
            1 problem; nothing was changed
            """#,
            edit: ("data/stats.csv", "data/stats.csv\n    field_mapping: { trip: rides }")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:11:29: error: data source "stats" maps the columns "city" and "trips" to one name, "a"; give each column its own name
            1 problem; nothing was changed
            """#,
            edit: ("data/stats.csv", "data/stats.csv\n    field_mapping: { trips: a, city: a }")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": <repo>/data/stats.csv.gz: this is no intact gzip file; pack it again, or let its name not end in .gz
            1 problem; nothing was changed
            """#,
            files: ["data/stats.csv.gz": "no gzip"],
            edit: ("data/stats.csv", "data/stats.csv.gz")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            feature_store.yaml:2:11: error: "registry" of feature_store.yaml must be text, not a map; write registry: and one text
            1 problem; nothing was changed
            """#,
            files: [
                "feature_store.yaml": FleetRepository.configuration
                    .replacing("data/registry.db", with: "{ registry_type: file }")
            ]
        ),
        GoldenMistake(
            "get-online-features -e =1 -f driver_stats:trips",
            64,
            #"""
            Error: "=1" is no key=value; write a join key and an id, such as -e driver_id=1001
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f activity:conv_rate",
            1,
            #"""
            error: Feature view activity does not exist in project fleet; "activity" is a feature service, which is asked for by its name alone (feature_service, --feature-service)
            """#
        ),
        GoldenMistake(
            "push driver_push data/stats.csv",
            1,
            #"""
            error: Unable to find push source 'driver_push'; define a data source of the type push
            """#
        ),
        GoldenMistake(
            "push stats data/stats.csv",
            1,
            #"""
            error: Unable to find push source 'stats'; the data source "stats" is not of the type push
            """#
        ),
        GoldenMistake(
            "export-feast no/feast.db",
            1,
            #"""
            error: no/feast.db cannot be written: No such file or directory; see that its folder is there and may be written
            """#
        ),
        GoldenMistake(
            "import-feast nope.db",
            1,
            #"""
            error: nope.db cannot be read: No such file or directory; name the registry.db of a repository of Feast
            """#
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:27:9: error: feature 1 of feature view "driver_recent" has an unknown key "trips"; the keys are: name, dtype, description, tags
            driver.yaml:27:9: error: feature 1 of feature view "driver_recent" has no "name"; add "name: …"
            driver.yaml:27:9: error: feature 1 of feature view "driver_recent" has no "dtype"; add "dtype: …"
            3 problems; nothing was changed
            """#,
            edit: ("      - { name: trips, dtype: int64 }\n", "      - trips: int64\n")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:11:16: error: "delimiter" of data source "stats" must be one ASCII character, not the text ";;"; write it in quotes, such as ";" or "\t"; a double quote or a line break cannot be one
            1 problem; nothing was changed
            """#,
            edit: ("data/stats.csv", "data/stats.csv\n    delimiter: ';;'")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:33:9: error: feature service "activity" pins generation 4 of feature view "driver_stats", which it does not have; generation 1 is in force
            1 problem; nothing was changed
            """#,
            edit: ("- driver_stats: [conv_rate, city]", "- driver_stats@v4: [conv_rate]")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            feature_store.yaml:4:23: error: "online_store" has an unknown type "redis"; the types are: rocksdb
            1 problem; nothing was changed
            """#,
            files: [
                "feature_store.yaml": FleetRepository.configuration
                    .replacing("rocksdb", with: "redis")
            ]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:10:11: error: source "stats": <repo>/data/stats.csv lacks a, b and also has event_timestamp, driver_id, conv_rate, trips, city, created, unlike <repo>/data/s2.csv; all files of a source must have the same columns, in any order
            1 problem; nothing was changed
            """#,
            files: ["data/s2.csv": "a,b\n1,2\n"],
            edit: ("data/stats.csv", "data/s*.csv")
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:trips --save-as a/b",
            1,
            #"""
            error: the name "a/b" of a saved dataset has a "/" in it; use letters, digits and underscores
            """#
        ),
        GoldenMistake(
            "materialize -v driver_stats@v3",
            1,
            #"""
            error: feature view "driver_stats" has no generation 3; generation 1 is in force
            """#
        ),
        GoldenMistake(
            "serve --host nowhere.invalid -p 0",
            1,
            #"""
            error: there is no host nowhere.invalid; choose another with --host, such as 127.0.0.1
            """#
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:16:15: error: join key "driver_id": <repo>/data/stats.csv:2: column "driver_id" has "1001.5", which is no int64 (3 of 4 sampled); declare it as string, which fits all sampled values
            driver.yaml:24:15: error: join key "driver_id": <repo>/data/stats.csv:2: column "driver_id" has "1001.5", which is no int64 (3 of 4 sampled); declare it as string, which fits all sampled values
            2 problems; nothing was changed
            """#,
            files: [
                "data/stats.csv": FleetRepository.stats
                    .replacing(",1001,", with: ",1001.5,")
                    .replacing(",1002,", with: ",1002.5,")
            ]
        ),
        GoldenMistake(
            "saved-datasets rebuild nope",
            1,
            #"""
            error: there is no saved dataset "nope"; get-historical-features keeps a set with --save-as
            """#
        ),
    ]
}
