import Foundation
import NativeStorage
import TestSupport
import Testing

/// Text is code points: an accent that follows a mark of ours combines with it for people alone.
struct AccentTests {
    @Test
    func `Names and values may begin with an accent on every path`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.write(
                "driver.yaml",
                """
                entities: [{ name: stop, value_type: string }]
                data_sources:
                  - { name: waits, type: sqlite, path: w.db, table: "a\\"\\u0301", timestamp_field: at }
                  - { name: "push'\\u0301", type: push, batch_source: waits }
                feature_views:
                  - name: waits
                    entities: [stop]
                    schema: [{ name: "\\u0301n", dtype: string }, { name: "q\\"\\u0301", dtype: int64 }]
                    source: waits

                """
            )
            let database = try SQLiteDatabase(
                path: fleet.directory + "/w.db",
                mode: .readWriteCreate
            )
            try database.execute(
                """
                CREATE TABLE "a""\u{301}" (stop, at, "\u{301}n", "q""\u{301}");
                INSERT INTO "a""\u{301}" VALUES ('a', '2024-01-01T00:00:00Z', '\u{301}b', 5);
                """
            )
            try fleet.write(
                "rows.csv",
                """
                stop,at,\u{301}n,"q""\u{301}"
                \u{301}c,2024-01-02T00:00:00Z,d,7

                """
            )
            try fleet.prepare(
                "apply",
                "push push'\u{301} rows.csv --to online_and_offline",
                "materialize"
            )
            let online = try fleet.run(
                "get-online-features",
                "-e",
                "stop=\u{301}c",
                "-e",
                "stop=a",
                "-f",
                "waits:\u{301}n,waits:q\"\u{301}"
            )
            #expect(online.exitCode == 0, "\(online)")
            let words = online.output.split(separator: "\n").dropFirst().map { line in
                line.unicodeScalars.split(separator: " ").map(Array.init)
            }
            #expect(
                words
                    == [["\u{301}c", "d", "7"], ["a", "\u{301}b", "5"]].map { line in
                        line.map { Array($0.unicodeScalars) }
                    },
                "\(online)"
            )
            let training = try fleet.run(
                "get-historical-features",
                "--end-date",
                "2025-01-01T00:00:00Z",
                "-f",
                "waits:\u{301}n"
            )
            #expect(
                Array(training.output.unicodeScalars)
                    == Array(
                        """
                        stop,event_timestamp,\u{301}n
                        a,2025-01-01T00:00:00Z,\u{301}b
                        \u{301}c,2025-01-01T00:00:00Z,d

                        """.unicodeScalars
                    ),
                "\(training)"
            )
        }
    }

    @Test
    func `Verify tells composed letters from decomposed ones`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.edit(
                "feature_views:",
                "  - { name: live, type: push, batch_source: stats }\n\nfeature_views:"
            )
            try fleet.prepare("apply")
            let head = "event_timestamp,driver_id,conv_rate,trips,city\n"
            try fleet.write("old.csv", head + "2024-02-01T00:00:00Z,1001,1,1,\u{e9}\n")
            try fleet.write("new.csv", head + "2024-02-02T00:00:00Z,1001,1,1,e\u{301}\n")
            try fleet.prepare(
                "push live old.csv --to offline",
                "materialize",
                "push live new.csv --to online"
            )
            let result = try fleet.run("verify", "-v", "driver_stats")
            #expect(result.exitCode == 1, "\(result)")
            #expect(result.output.hasPrefix("driver_stats: 3 keys, 9 values, 1 different\n"))
        }
    }
}
