extension GoldenMistake {
    private static let plus = """
        data_sources:
          - { name: request, type: request, schema: [{ name: add, dtype: int64 }] }
        on_demand_feature_views:
          - name: plus
            sources: [driver_stats, request]
            features: [{ name: more, dtype: int64, expression: "trips + add" }]

        """

    /// On-demand feature views, generations and what is not there yet.
    static let parts: [GoldenMistake] = [
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f driver_stats:trips -o data/pushed.db",
            1,
            #"""
            error: data/pushed.db belongs to the log of pushed rows and would be replaced; name another output
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f driver_stats:trips,driver_stats:trips",
            1,
            #"""
            error: Duplicate features named trips found; ask for each feature once
            """#
        ),
        GoldenMistake(
            "get-historical-features -f driver_stats:trips --start-date 2024-02-01 --end-date 2024-01-01",
            1,
            #"""
            error: the start date 2024-02-01T00:00:00Z is later than the end date 2024-01-01T00:00:00Z; give the earlier one first
            """#
        ),
        GoldenMistake(
            "rejects driver_stat",
            1,
            #"""
            error: there is no push source or feature view "driver_stat"; did you mean "driver_stats"?
            """#
        ),
        GoldenMistake(
            "feature-views describe driver_stats@v2",
            1,
            #"""
            error: there is no feature view "driver_stats@v2"; did you mean "driver_stats"?
            """#
        ),
        GoldenMistake(
            "saved-datasets get old",
            1,
            #"""
            error: <repo>/data/saved_datasets/old/manifest.json is damaged or no manifest of a saved dataset; put a copy of it back, or delete the dataset (fstore saved-datasets delete old)
            """#,
            files: ["data/saved_datasets/old/manifest.json": "{"]
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            error: the registry <repo>/data is a folder; name a file in it as the registry in feature_store.yaml
            """#,
            files: ["feature_store.yaml": "project: fleet\nregistry: data\n"]
        ),
        GoldenMistake(
            "import-feast driver.yaml",
            1,
            #"""
            error: driver.yaml: the file is no registry of Feast; name the registry.db of a repository of Feast
            """#
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:17:10: error: "ttl" of feature view "driver_stats" must be a duration from 0 to 10,000 years, not the text "-1d"; write a whole number and a unit: 90s, 15m, 6h, 1d or 2w
            1 problem; nothing was changed
            """#,
            edit: ("ttl: 0", "ttl: -1d")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            driver.yaml:23:5: error: feature view "driver_recent" has no schema; 4 rows of its source suggest the lines below; paste them into the view, or run `fstore infer-schema driver_recent --write`:
                schema:
                  - { name: conv_rate, dtype: float64 }
                  - { name: trips, dtype: int64 }
                  - { name: city, dtype: string }
            1 problem; nothing was changed
            """#,
            files: [
                "plus.yaml": Self.plus
                    .replacing("driver_stats", with: "driver_recent")
            ],
            edit: ("    schema:\n      - { name: trips, dtype: int64 }\n    source", "    source")
        ),
        GoldenMistake(
            "plan",
            1,
            #"""
            plus.yaml:5:15: error: on-demand feature view "plus" names the on-demand feature view "plus" as a source; the sources are: driver_recent, driver_stats, request
            1 problem; nothing was changed
            """#,
            files: ["plus.yaml": Self.plus.replacing("[driver_stats", with: "[plus")]
        ),
    ]
}
