import FeatureModel
import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct ConcurrentReadTests {
    @Test("Reads during loads never fail, and every row is of one load")
    func tornRows() async throws {
        try await withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            project.repository.featureViews[0].schema = Self.schema(6)
            try Self.write(project, round: 1)
            try project.apply()
            try project.store.materialize()
            let ids = (0..<Self.drivers).map { Value.integer(Int64($0)) }
            let request = OnlineFeaturesRequest(
                selection: .features((0..<6).map { "stats:column_\($0)" }),
                entities: [.init(name: "driver_id", values: ids)]
            )
            let end = LoadsEnd()
            let store = project.store
            let prepared = project
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        var newest: Int64 = 0
                        var isLast = false
                        while !isLast {
                            isLast = end.isReached.load(ordering: .acquiring)
                            let answer = try store.onlineFeatures(request)
                            newest = max(newest, try Self.check(answer))
                            await Task.yield()
                        }
                        return Int(newest)
                    }
                }
                group.addTask {
                    var changed = prepared
                    defer { end.isReached.store(true, ordering: .releasing) }
                    for round in 2...Self.rounds {
                        try Self.write(prepared, round: round)
                        // Now and then a new generation, or a new schema of the same one.
                        if round % 7 == 0 {
                            changed.repository.dataSources[0].timezone = "Etc/GMT-\(round % 3)"
                        } else if round % 3 == 0 {
                            changed.repository.featureViews[0].schema = Self.schema(6 + round % 4)
                        }
                        try changed.apply(allowDestroy: true)
                        try store.materialize()
                    }
                    return Self.rounds
                }
                for try await newest in group {
                    #expect(newest == Self.rounds)
                }
            }
        }
    }

    private static let drivers = 40
    private static let rounds = 80

    private static func schema(_ columns: Int) -> [Field] {
        (0..<columns).map { column in
            Field(name: "column_\(column)", type: column % 2 == 0 ? .int64 : .string)
        }
        .reversed()
    }

    private static func write(_ project: SmallProject, round: Int) throws {
        let lines = (0..<self.drivers).map { driver in
            let numbers = Array(repeating: "\(round)", count: 10).joined(separator: ",")
            return "\(driver),\(second(Int64(round))),,\(numbers)"
        }
        let names = (0..<10).map { "column_\($0)" }.joined(separator: ",")
        try project.write(lines, header: "driver_id,event_time,created,\(names)")
    }

    /// - Returns: The newest round that a row is of.
    private static func check(_ answer: OnlineFeatures) throws -> Int64 {
        var newest: Int64 = 0
        for row in 0..<answer.rowCount {
            let statuses = Set(answer.features.map { $0.statuses[row] })
            let times = Set(answer.features.map { $0.eventTimestamps[row] })
            #expect(statuses.count == 1 && times.count == 1)
            // Between a new definition and its load there is nothing to serve.
            guard statuses == [.present] else {
                #expect(statuses == [.notFound])
                continue
            }
            let texts = Set(
                answer.features.map { feature in
                    switch feature.values[row] {
                    case .integer(let integer): "\(integer)"
                    case .string(let text): text
                    case let other: "\(other)"
                    }
                }
            )
            #expect(texts.count == 1)
            let round = Int64(texts.first ?? "") ?? -1
            #expect(times == [second(round)])
            newest = max(newest, round)
        }
        return newest
    }
}

/// Whether the last load is done.
private final class LoadsEnd: Sendable {
    let isReached = Atomic(false)
}
