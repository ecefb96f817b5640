import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// `kill -9` at random moments of pushes to both stores.
struct PushKillTests {
    private static let keyCount = 40
    /// How often each test goes through its rounds; more in `scripts/crash-matrix`.
    private static let repetitions =
        ProcessInfo.processInfo.environment["FSTORE_KILL_ROUNDS"].flatMap { Int($0) }
        .map { max($0 / 42, 1) } ?? 1

    private static let definitions = """
        entities:
          - { name: item, join_keys: [item_id], value_type: int64 }
        data_sources:
          - { name: items, type: csv, path: data/items.csv, timestamp_field: event_timestamp }
          - { name: items_push, type: push, batch_source: items }
        feature_views:
          - name: items
            entities: [item]
            ttl: 0
            schema:
              - { name: marker, dtype: int64 }
              - { name: filler, dtype: string }
            source: items
          - name: again
            entities: [item]
            ttl: 0
            schema: [{ name: marker, dtype: int64 }]
            source: items_push

        """

    private func repository(_ directory: URL) throws -> FleetRepository {
        let fleet = try FleetRepository(at: directory)
        try fleet.write("driver.yaml", Self.definitions)
        let header = "item_id,event_timestamp,marker,filler\n"
        let rows = (0..<Self.keyCount).map { "\($0),2024-01-01T00:00:00Z,0,x\n" }
        try fleet.write("data/items.csv", header + rows.joined())
        try fleet.prepare("apply")
        try fleet.prepare("materialize")
        return fleet
    }

    @Test
    func `A push that is killed at any moment is in both stores afterwards, or in none`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.repository(directory)
            let filler = String(repeating: "y", count: 20_000)
            var generator = SeededGenerator(seed: 7)
            var current = 0
            var wholePush = Duration.milliseconds(150)
            var kept = 0
            var killed = 0
            for round in 1...(30 * Self.repetitions) {
                let rows = (0..<Self.keyCount).map { id in
                    "\(id),\(1_704_100_000 + round),\(round),\(filler)\n"
                }
                try fleet.write(
                    "push.csv",
                    "item_id,event_timestamp,marker,filler\n" + rows.joined()
                )
                let push = try RunningProgram(
                    Program.path,
                    ["push", "items_push", "push.csv", "--to", "online_and_offline"],
                    in: fleet.directory
                )
                let began = ContinuousClock.now
                let isWhole = round % 10 == 1
                if !isWhole {
                    // Some at once, whatever the machine's pace.
                    let part =
                        round % 10 == 2 ? 0 : Double.random(in: 0.3...1.05, using: &generator)
                    usleep(UInt32(max((wholePush * part) / .microseconds(1), 1)))
                    push.send(SIGKILL)
                }
                let result = try push.wait()
                #expect(result.signal == SIGKILL || result.exitCode == 0, "\(result)")
                killed += result.signal == SIGKILL ? 1 : 0
                if isWhole { wholePush = ContinuousClock.now - began }
                let training = try self.trainingMarkers(fleet)
                let online = try self.onlineMarkers(fleet)
                #expect(online.items == training, "round \(round)")
                #expect(online.again == training, "round \(round)")
                #expect(Set(training).count == 1, "round \(round)")
                let marker = try #require(training.first)
                #expect(marker == current || marker == round, "round \(round)")
                if result.signal == 0 { #expect(marker == round) }
                kept += marker == current ? 1 : 0
                current = marker
            }
            #expect(killed > 0 && kept > 0)
            // A load finds nothing to correct.
            let load = try fleet.run("materialize", "--json")
            #expect(!load.output.contains(#""keys_written" : \#(Self.keyCount)"#), "\(load)")
            #expect(try self.onlineMarkers(fleet).items == self.trainingMarkers(fleet))
        }
    }

    @Test
    func `A push of rows that are due soon loses none of them, whenever it is killed`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.repository(directory)
            var generator = SeededGenerator(seed: 11)
            var current = 0
            var killed = 0
            for round in 1...(14 * Self.repetitions) {
                // Half of the rows are due now, half in a moment.
                let now = Date().timeIntervalSince1970
                let soon = now + Double.random(in: 0.05...0.6, using: &generator)
                let rows = (0..<Self.keyCount).map { id in
                    "\(id),\(id % 2 == 0 ? now : soon),\(round),x\n"
                }
                try fleet.write(
                    "push.csv",
                    "item_id,event_timestamp,marker,filler\n" + rows.joined()
                )
                let push = try RunningProgram(
                    Program.path,
                    ["push", "items_push", "push.csv", "--to", "online_and_offline"],
                    in: fleet.directory
                )
                if round % 5 != 1 {
                    // Some at once, whatever the machine's pace.
                    let pause = UInt32.random(in: 5_000...150_000, using: &generator)
                    usleep(round % 5 == 2 ? 1 : pause)
                    push.send(SIGKILL)
                }
                let result = try push.wait()
                killed += result.signal == SIGKILL ? 1 : 0
                // Opening the store before the time must lose nothing either.
                _ = try self.onlineMarkers(fleet)
                while Date().timeIntervalSince1970 < soon + 0.001 { usleep(10_000) }
                let training = try self.trainingMarkers(fleet, at: "2100-01-01T00:00:00Z")
                let online = try self.onlineMarkers(fleet)
                #expect(online.items == training, "round \(round)")
                #expect(online.again == training, "round \(round)")
                #expect(Set(training).count == 1, "round \(round)")
                let marker = try #require(training.first)
                #expect(marker == current || marker == round, "round \(round)")
                if result.signal == 0 { #expect(marker == round) }
                current = marker
            }
            #expect(killed > 0)
        }
    }

    @Test
    func `A server that is killed amid pushes has all that it answered, and both stores agree`()
        throws
    {
        try withTemporaryDirectory { directory in
            let fleet = try self.repository(directory)
            let answered = Mutex<[String: String]>([:])
            for round in 0..<4 {
                let server = try RunningServer(fleet)
                // The clients only use the port, which does not change.
                nonisolated(unsafe) let address = server
                let clients = (0..<3).map { client in
                    Thread {
                        for number in 0..<10_000 {
                            let key = "\(round)-\(client)-\(number)"
                            guard let answer = try? address.post("/push", Self.body(key, number)),
                                answer.status == 200
                            else { return }
                            answered.withLock { $0[key] = answer.body }
                        }
                    }
                }
                for client in clients { client.start() }
                usleep(UInt32(200_000 + 130_000 * round))
                server.program.send(SIGKILL)
                _ = try server.program.wait()
                _ = eventually { clients.allSatisfy(\.isFinished) }
                let online = try self.onlineMarkers(fleet)
                let training = try self.trainingMarkers(fleet)
                #expect(online.items == training, "round \(round)")
                #expect(online.again == training, "round \(round)")
            }
            #expect(answered.withLock { $0.count } > 10)
            // What was answered is still there: the same key has the same answer.
            let server = try RunningServer(fleet)
            for (key, text) in answered.withLock({ $0 }).sorted(by: { $0.key < $1.key }).prefix(50)
            {
                let number = Int(key.split(separator: "-")[2]) ?? 0
                #expect(try server.post("/push", Self.body(key, number)).body == text)
            }
            _ = try server.stop()
        }
    }

    private static func body(_ key: String, _ number: Int) -> String {
        let ids = (0..<4).map { (number * 7 + $0 * 11) % keyCount }
        let list = { (cells: [String]) in "[" + cells.joined(separator: ",") + "]" }
        return """
            {"push_source_name": "items_push", "to": "online_and_offline", \
            "idempotency_key": "\(key)", "df": {"item_id": \(list(ids.map(String.init))), \
            "event_timestamp": \(list(ids.map { "\(1_704_200_000 + ($0 + number) % 5)" })), \
            "marker": \(list(ids.map { "\(number * 10 + $0)" })), \
            "filler": \(list(ids.map { _ in "null" }))}}
            """
    }

    /// The marker of each key, as a training set has it.
    private func trainingMarkers(
        _ fleet: FleetRepository,
        at time: String = "2025-01-01T00:00:00Z"
    ) throws -> [Int] {
        let entities = (0..<Self.keyCount).map { "\($0),\(time)\n" }
        try fleet.write("entities.csv", "item_id,event_timestamp\n" + entities.joined())
        let result = try fleet.run(
            "get-historical-features",
            "--entity-df",
            "entities.csv",
            "--features",
            "items:marker",
            "--output",
            "-"
        )
        try #require(result.exitCode == 0, "\(result)")
        return result.output.split(separator: "\n").dropFirst().map { line in
            line.split(separator: ",").last.flatMap { Int($0) } ?? -1
        }
    }

    /// The marker of each key in both views, as the online store has it.
    private func onlineMarkers(_ fleet: FleetRepository) throws -> (items: [Int], again: [Int]) {
        let ids = (0..<Self.keyCount).flatMap { ["-e", "item_id=\($0)"] }
        let features = ["-f", "items:marker", "-f", "again:marker", "--full-feature-names"]
        let result = try Program.run(
            ["get-online-features", "--json"] + features + ids,
            in: fleet.directory
        )
        try #require(result.exitCode == 0, "\(result)")
        let answer = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let columns = (answer as? [String: Any])?["results"] as? [[String: Any]] ?? []
        let values = columns.suffix(2).map { $0["values"] as? [Int] ?? [] }
        return try (#require(values.first), #require(values.last))
    }
}
