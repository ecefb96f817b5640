import Foundation
import Glibc
import NativeStorage
import TestSupport
import Testing

/// `kill -9` at random moments of a load.
struct KillTests {
    private static let keyCount = 128
    /// More in `scripts/crash-matrix`.
    private static let rounds =
        ProcessInfo.processInfo.environment["FSTORE_KILL_ROUNDS"].flatMap { Int($0) } ?? 42
    /// The load is larger than this, so it spills to files and is taken in as files.
    private static let environment = ["FSTORE_LOAD_MEMORY_MB": "1"]

    private static let definitions = """
        entities:
          - { name: item, join_keys: [item_id], value_type: int64 }
        data_sources:
          - name: items
            type: sqlite
            table: items
            timestamp_field: event_timestamp
        feature_views:
          - name: items
            entities: [item]
            ttl: 0
            schema:
              - { name: marker, dtype: int64 }
              - { name: filler, dtype: string }
            source: items

        """

    /// Every generation has later event times, and the same marker in all rows.
    private static let items = """
        CREATE TABLE generation (marker INTEGER);
        INSERT INTO generation VALUES (0);
        CREATE VIEW items AS
        WITH RECURSIVE numbers(i) AS (
            SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < \(keyCount)
        )
        SELECT i AS item_id, marker, printf('%.*c', 8700, 'x') AS filler,
            1700000000 + marker AS event_timestamp
        FROM numbers, generation;
        """

    @Test
    func `A load that is killed at any moment leaves the old state or the new one`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.write("driver.yaml", Self.definitions)
            let warehouse = try SQLiteDatabase(
                path: fleet.directory + "/data/offline.db",
                mode: .readWriteCreate
            )
            try warehouse.execute(Self.items)
            try fleet.prepare("apply")
            let began = ContinuousClock.now
            try self.load(fleet)
            var wholeLoad = ContinuousClock.now - began
            var generator = SeededGenerator(seed: 20_240_101)
            var current = 0
            var kept = 0
            var killed = 0
            for round in 1...Self.rounds {
                try warehouse.execute("UPDATE generation SET marker = \(round)")
                // Half of the rounds aim at the end, where the commit is.
                let range = round % 2 == 0 ? 0...1.05 : 0.6...1.05
                let part = Double.random(in: range, using: &generator)
                let load = try RunningProgram(
                    Program.path,
                    ["materialize"],
                    in: fleet.directory,
                    environment: Self.environment
                )
                usleep(UInt32((wholeLoad * part) / .microseconds(1)))
                load.send(SIGKILL)
                let result = try load.wait()
                killed += result.signal == SIGKILL ? 1 : 0
                #expect(result.signal == SIGKILL || result.exitCode == 0)

                let marker = try self.marker(of: fleet)
                #expect(marker == current || marker == round, "round \(round)")
                if result.signal == 0 {
                    #expect(marker == round, "a load that said it was done")
                    // The machine has become quicker than when the whole load was measured.
                    wholeLoad = wholeLoad * 0.8
                }
                kept += marker == current ? 1 : 0
                current = marker
                #expect(try self.newestMarkerOfStatus(fleet) == current, "round \(round)")
                if round % 6 == 0 {
                    try self.load(fleet)
                    current = try self.marker(of: fleet)
                    #expect(current == round)
                }
            }
            // The moments were spread: some kills came before the commit.
            #expect(killed >= Self.rounds / 3)
            #expect(kept >= Self.rounds / 6)
            let left = try FileManager.default.contentsOfDirectory(
                atPath: fleet.directory + "/data/online.load"
            )
            #expect(left.isEmpty)
        }
    }

    private func load(_ fleet: FleetRepository) throws {
        let result = try fleet.run("materialize", environment: Self.environment)
        try #require(result.exitCode == 0, "\(result)")
    }

    /// The marker that all keys have.
    private func marker(of fleet: FleetRepository) throws -> Int {
        let ids = (0..<Self.keyCount).flatMap { ["-e", "item_id=\($0)"] }
        let result = try Program.run(
            ["get-online-features", "-f", "items:marker", "--json"] + ids,
            in: fleet.directory
        )
        try #require(result.exitCode == 0, "\(result)")
        let answer = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let columns = (answer as? [String: Any])?["results"] as? [[String: Any]]
        let values = try #require(columns?.last?["values"] as? [Int])
        #expect(values.count == Self.keyCount)
        #expect(Set(values).count == 1, "rows of several generations")
        return try #require(values.first)
    }

    /// The marker that the newest event time of `status` stands for.
    private func newestMarkerOfStatus(_ fleet: FleetRepository) throws -> Int {
        let result = try fleet.run("status", "--json")
        let status = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let views = try #require((status as? [String: Any])?["feature_views"] as? [[String: Any]])
        let newest = try #require(views.first?["newest_event_time"] as? String)
        let date = try Date(newest, strategy: .iso8601)
        return Int(date.timeIntervalSince1970) - 1_700_000_000
    }
}
