import Foundation
import TestSupport
import Testing

/// Views without a schema: refused with a proposal, which can be written into their file.
struct InferSchemaTests {
    /// A view without a schema among comments, odd spacing and another view.
    static let definitions = """
        # drivers
        entities:
          - {name: driver, join_keys: [driver_id], value_type: int64}   # flow

        data_sources:
          - name: stats
            type: csv
            path: data/stats.csv
            timestamp_field: event_timestamp
            created_timestamp_column: created
        feature_views:
          - name:   driver_stats     # no schema yet
            entities: [driver]

            ttl: 0
            # the source's comment
            # in two lines
            source: stats
          - name: other
            schema: [ {name: trips, dtype: int64} ]
            entities: [driver]
            source: stats # the end
        """

    static let schema = """
            schema:
              - { name: conv_rate, dtype: float64 }
              - { name: trips, dtype: int64 }
              - { name: city, dtype: string }

        """

    @Test func `A plan refuses a view without a schema, and shows one to paste`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.write("driver.yaml", Self.definitions)
            for command in ["plan", "apply"] {
                let result = try fleet.run(command)
                #expect(result.exitCode == 1)
                #expect(
                    result.errors == """
                        driver.yaml:12:5: error: feature view "driver_stats" has no schema; \
                        4 rows of its source suggest the lines below; paste them into the view, \
                        or run `fstore infer-schema driver_stats --write`:
                        \(Self.schema)1 problem; nothing was changed

                        """
                )
            }
            #expect(
                try fleet.run("infer-schema").output == """
                    # driver.yaml:12: a schema for driver_stats, 4 rows sampled
                    \(Self.schema)
                    """
            )
        }
    }

    @Test(arguments: ["\n", "\r\n"])
    func `The schema is written into the view, and nothing else changes`(_ end: String) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            let old = Self.definitions.replacing("\n", with: end)
            try fleet.write("driver.yaml", old)
            let result = try fleet.run("infer-schema", "--write")
            #expect(result.exitCode == 0, "\(result)")
            let new = try fleet.text("driver.yaml")
            let expected = Self.definitions.replacing(
                "    # the source's comment\n",
                with: Self.schema + "    # the source's comment\n"
            )
            #expect(new.utf8.elementsEqual(expected.replacing("\n", with: end).utf8), "\(new)")
            try fleet.prepare("apply", "materialize")
            #expect(try fleet.run("infer-schema").output == "Every feature view has a schema.\n")
        }
    }

    @Test func `A file that cannot take the lines stays as it is`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            let flow = Self.definitions.replacing(
                """
                  - name: other
                    schema: [ {name: trips, dtype: int64} ]
                    entities: [driver]
                    source: stats # the end
                """,
                with: "  - {name: other, entities: [driver], source: stats}"
            )
            try fleet.write("driver.yaml", flow)
            let result = try fleet.run("infer-schema", "other", "--write")
            #expect(result.exitCode == 1)
            #expect(
                result.errors == """
                    driver.yaml:19:5: error: feature view "other" is not written with one key a \
                    line, so its schema cannot be written into it; run `fstore infer-schema \
                    other` and paste what it prints
                    1 problem; nothing was changed

                    """
            )
            #expect(try fleet.text("driver.yaml") == flow)
        }
    }

    @Test func `A view that has a schema is not written to`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.write("driver.yaml", Self.definitions)
            let refused = try fleet.run("infer-schema", "other", "--write")
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("\"other\" has a schema, and nothing was written"))
            #expect(try fleet.text("driver.yaml") == Self.definitions)
            let shown = try fleet.run("infer-schema", "other", "--json")
            #expect(shown.output.contains(#""sampled_rows" : 4"#), "\(shown)")
            let unknown = try fleet.run("infer-schema", "othr")
            #expect(
                unknown.errors == "error: there is no feature view \"othr\"; "
                    + "did you mean \"other\"?\n"
            )
        }
    }

    @Test func `Only the missing schema is reported of a view, wherever its rows come from`() throws
    {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            let definitions = """
                \(Self.definitions)
                  - name: pushed
                    entities: [driver]
                    source: {type: push, name: stats_push, batch_source: stats}
                  - name: pushed_alone
                    entities: [driver]
                    source: {type: push, name: alone}
                feature_services:
                  - name: all
                    features: [driver_stats, pushed: [trips]]

                """
            try fleet.write("driver.yaml", definitions)
            let result = try fleet.run("plan")
            let problems = result.errors.split(separator: "\n").filter { $0.contains(": error: ") }
            #expect(problems.count == 3, "\(result)")
            #expect(
                problems.last == """
                    driver.yaml:26:5: error: feature view "pushed_alone" has no schema; all its \
                    rows are pushed, and nothing suggests one: list its features, \
                    schema: [{ name: …, dtype: float32 }]
                    """
            )
            #expect(try fleet.run("infer-schema", "pushed", "--write").exitCode == 0)
            #expect(
                try fleet.text("driver.yaml")
                    == definitions.replacing(
                        "    source: {type: push, name: stats_push",
                        with: Self.schema + "    source: {type: push, name: stats_push"
                    )
            )
        }
    }
}
