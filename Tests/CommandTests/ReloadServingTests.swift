import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Reads and pushes while full reloads of their view run one after the other.
///
/// Every load has its number in all columns of all rows, and as the seconds of their event times;
/// so a row that is put together from two loads is seen, and so is one that goes back.
struct ReloadServingTests {
    private static let keyCount = 6_000
    /// The first keys are pushed to, the others are loaded alone.
    private static let pushedKeyCount = 20
    private static let columns = (0..<5).map { "c\($0)" }
    /// Later than the events of all loads, which are of 2024.
    private static let firstPushedSecond = 1_750_000_000
    private static let firstLoadedSecond = 1_704_067_200

    /// What the threads of the test share.
    private final class Shared: Sendable {
        let faults = Mutex<[String]>([])
        let reads = Atomic(0)
        let isDone = Atomic(false)
        /// When each push began and ended, in nanoseconds.
        let pushes = Mutex<[(began: UInt64, ended: UInt64)]>([])
        /// The number that was pushed last to each key, and answered.
        let pushed = Mutex<[Int: Int]>([:])

        func fault(_ text: String) {
            self.faults.withLock { if $0.count < 10 { $0.append(text) } }
        }
    }

    @Test
    func `Reloads in a loop fail no read, tear no row, and neither block nor lose a push`() throws {
        try withTemporaryDirectory { directory in
            try Self.writeRepository(in: directory)
            try Self.writeHistory(load: 1, in: directory)
            for command in ["apply", "materialize"] {
                let result = try Program.run([command], in: directory.path)
                #expect(result.exitCode == 0, "\(result)")
            }
            let server = try RunningServer(in: directory.path)
            let port = server.port
            let shared = Shared()
            let threads = DispatchGroup()
            for seed in 1...3 {
                Self.onThread(threads, shared) {
                    try Self.read(port, seed: UInt64(seed), shared)
                }
            }
            Self.onThread(threads, shared) { try Self.push(port, shared) }
            var loads: [(began: UInt64, ended: UInt64)] = []
            for load in 2...6 {
                try Self.writeHistory(load: load, in: directory)
                let began = DispatchTime.now().uptimeNanoseconds
                let answer = try server.post(
                    "/materialize?summary=true",
                    #"{"disable_event_timestamp": true}"#
                )
                loads.append((began, DispatchTime.now().uptimeNanoseconds))
                #expect(answer.status == 200, "\(answer)")
                #expect(answer.body.contains(#""bad":0"#), "\(answer)")
            }
            shared.isDone.store(true, ordering: .releasing)
            threads.wait()
            #expect(shared.faults.withLock { $0 } == [])
            #expect(shared.reads.load(ordering: .acquiring) > 50)
            // None waited for a load to end: in each of them some were begun and answered.
            let pushes = shared.pushes.withLock { $0 }
            for load in loads {
                let within = pushes.count { $0.began >= load.began && $0.ended <= load.ended }
                #expect(within > 0, "a load held up every push, of \(pushes.count)")
            }
            try Self.expectPushes(port, shared)
            #expect(try server.stop().exitCode == 0)
        }
    }

    // MARK: Clients

    private static func read(_ port: UInt16, seed: UInt64, _ shared: Shared) throws {
        let connection = try KeptConnection(port: port)
        var random = SeededGenerator(seed: seed)
        var last: [Int: Int] = [:]
        while !shared.isDone.load(ordering: .acquiring) {
            // Several at a time, as a client that pipelines sends them.
            let batches = (0..<3).map { _ in
                (0..<10).map { _ in
                    Int.random(in: self.pushedKeyCount..<self.keyCount, using: &random)
                }
            }
            try connection.post("/get-online-features", batches.map { self.body(ids: $0) })
            for ids in batches {
                guard let answer = try connection.answer() else {
                    shared.fault("the connection ended")
                    return
                }
                let rows = try self.rows(of: answer)
                guard answer.status == 200, rows.count == ids.count else {
                    shared.fault(
                        "\(answer.status): \(String(decoding: answer.body, as: UTF8.self))"
                    )
                    continue
                }
                for (id, row) in zip(ids, rows) {
                    guard let load = row.numbers.first, row.numbers.allSatisfy({ $0 == load }),
                        row.times.allSatisfy({ $0 == self.time(self.firstLoadedSecond + load) }),
                        load >= last[id] ?? 1
                    else {
                        shared.fault("key \(id) after load \(last[id] ?? 1): \(row)")
                        continue
                    }
                    last[id] = load
                }
                shared.reads.add(1, ordering: .relaxed)
            }
        }
    }

    private static func push(_ port: UInt16, _ shared: Shared) throws {
        let connection = try KeptConnection(port: port)
        var number = 0
        while !shared.isDone.load(ordering: .acquiring) {
            number += 1
            // Keys that the loads have too, and keys that they have not.
            let key = number % 2 == 0 ? number % self.pushedKeyCount : self.keyCount + number % 20
            let time = self.time(self.firstPushedSecond + number)
            let cells = self.columns.map { "\"\($0)\":[\(number)]" }.joined(separator: ",")
            let began = DispatchTime.now().uptimeNanoseconds
            try connection.post(
                "/push",
                [
                    #"{"push_source_name":"rows_push","to":"online","df":{"driver_id":[\#(key)],"#
                        + #""event_timestamp":["\#(time)"],\#(cells)}}"#
                ]
            )
            let answer = try connection.answer()
            shared.pushes.withLock { $0.append((began, DispatchTime.now().uptimeNanoseconds)) }
            guard answer?.status == 200 else {
                shared.fault("push \(number): \(answer.map { "\($0.status)" } ?? "no answer")")
                return
            }
            shared.pushed.withLock { $0[key] = number }
            // What was answered can be read, whatever is switched meanwhile.
            try connection.post("/get-online-features", [self.body(ids: [key])])
            let row = try connection.answer().map { try self.rows(of: $0) }?.first
            if row?.numbers != self.columns.map({ _ in number }) {
                shared.fault("push \(number) to \(key) is lost: \(row.map { "\($0)" } ?? "no row")")
            }
        }
    }

    /// All that was pushed is there after the last load.
    private static func expectPushes(_ port: UInt16, _ shared: Shared) throws {
        let pushed = shared.pushed.withLock { $0 }
        #expect(pushed.count > 5)
        let connection = try KeptConnection(port: port)
        let keys = pushed.keys.sorted()
        try connection.post("/get-online-features", [self.body(ids: keys)])
        let rows = try self.rows(of: #require(try connection.answer()))
        for (key, row) in zip(keys, rows) {
            #expect(row.numbers == self.columns.map { _ in pushed[key] ?? 0 }, "key \(key)")
        }
    }

    private static func onThread(
        _ group: DispatchGroup,
        _ shared: Shared,
        _ body: @escaping @Sendable () throws -> Void
    ) {
        group.enter()
        // A thread of its own: those of the pool may all wait for other tests.
        Thread.detachNewThread {
            do { try body() } catch { shared.fault("\(error)") }
            group.leave()
        }
    }

    // MARK: Requests and answers

    private struct Row {
        var numbers: [Int] = []
        var times: [String] = []
    }

    private static func body(ids: [Int]) -> String {
        let features = self.columns.map { "\"rows:\($0)\"" }.joined(separator: ",")
        return #"{"features":[\#(features)],"entities":{"driver_id":\#(ids)}}"#
    }

    /// The rows of an answer: its features' values and times, without the join key.
    private static func rows(of answer: KeptConnection.Answer) throws -> [Row] {
        guard let results = try answer.json()["results"] as? [[String: Any]] else { return [] }
        var rows: [Row] = []
        for result in results.dropFirst() {
            let values = result["values"] as? [Any] ?? []
            let times = result["event_timestamps"] as? [String] ?? []
            if rows.isEmpty { rows = values.map { _ in Row() } }
            for index in values.indices where index < rows.count && index < times.count {
                rows[index].numbers.append((values[index] as? NSNumber)?.intValue ?? -1)
                rows[index].times.append(times[index])
            }
        }
        return rows
    }

    private static func time(_ second: Int) -> String {
        var moment = time_t(second)
        var parts = tm()
        gmtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    // MARK: Files

    private static func writeRepository(in directory: URL) throws {
        let schema = self.columns.map { "{ name: \($0), dtype: int64 }" }.joined(separator: ", ")
        let definitions = """
            entities:
              - { name: driver, join_keys: [driver_id], value_type: int64 }
            data_sources:
              - { name: rows_source, type: csv, path: rows.csv, timestamp_field: event_timestamp }
              - { name: rows_push, type: push, batch_source: rows_source }
            feature_views:
              - { name: rows, entities: [driver], source: rows_source, schema: [\(schema)] }
            """
        for (name, text) in [
            ("feature_store.yaml", "project: reload\n"), ("rows.yaml", definitions),
        ] {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
    }

    private static func writeHistory(load: Int, in directory: URL) throws {
        var text = "driver_id,event_timestamp,\(self.columns.joined(separator: ","))\n"
        let numbers = self.columns.map { _ in ",\(load)" }.joined()
        let time = self.time(self.firstLoadedSecond + load)
        for key in 0..<self.keyCount {
            text += "\(key),\(time)\(numbers)\n"
        }
        try Data(text.utf8).write(
            to: directory.appendingPathComponent("rows.csv"),
            options: .atomic
        )
    }
}
