import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct MaterializeTests {
    private func withProject(
        _ lines: [String],
        _ body: (inout SmallProject) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write(lines)
            try project.apply()
            try body(&project)
        }
    }

    @Test("A window takes its first and its last microsecond, and nothing beyond")
    func windowsAreInclusive() throws {
        let start = second(10)
        let end = second(20)
        let times = [
            start.microseconds - 1, start.microseconds, end.microseconds, end.microseconds + 1,
        ]
        let lines = times.enumerated().map { index, time in
            "\(index),\(Timestamp(microseconds: time)),,\(index),"
        }
        try withProject(lines) { project in
            let report = try project.store.materialize(from: start, to: end)
            #expect(try project.values([0, 1, 2, 3]) == [nil, 1, 2, nil])
            #expect(report.views.map(\.keysWritten) == [2])
            #expect(report.views.map(\.rowsRead) == [4])
            #expect(report.views.map(\.afterEnd) == [1])
            #expect(report.views[0].newestEventTime == end)
            #expect(report.notes.isEmpty)
        }
    }

    /// One row of a source, and, as one of the winners, what the store must have.
    private struct Row {
        var driver: Int64
        var time: Int64
        var created: Int64?
        var trips: Int64

        func isOlder(than other: Row) -> Bool {
            (self.time, self.created ?? .min) < (other.time, other.created ?? .min)
        }

        static func random(trips: Int, using random: inout SeededGenerator) -> Row {
            Row(
                driver: Int64.random(in: 1...3, using: &random),
                time: Int64.random(in: 0...20, using: &random),
                created: Bool.random(using: &random)
                    ? nil : Int64.random(in: 0...3, using: &random),
                trips: Int64(trips)
            )
        }
    }

    @Test("The newest row wins, whatever the order of windows and late rows", arguments: 0..<60)
    func newestWins(seed: Int) throws {
        try withProject([]) { project in
            var random = SeededGenerator(seed: UInt64(seed))
            var rows: [Row] = []
            var winners: [Int64: Row] = [:]
            for step in 0..<10 {
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    rows.append(Row.random(trips: step, using: &random))
                }
                let lines = rows.map { row in
                    SmallProject.line(
                        row.driver,
                        row.time,
                        created: row.created,
                        trips: "\(row.trips)"
                    )
                }
                try project.write(lines)
                let now = Int64.random(in: 8...22, using: &random)
                project.clock.now = second(now)
                let isIncremental = Bool.random(using: &random)
                let start = isIncremental ? 0 : Int64.random(in: 0...20, using: &random)
                let end = Int64.random(in: start...25, using: &random)
                if isIncremental {
                    try project.store.materializeIncremental(to: second(end))
                } else {
                    try project.store.materialize(from: second(start), to: second(end))
                }
                for row in rows where row.time >= start && row.time <= min(end, now) {
                    if let winner = winners[row.driver], row.isOlder(than: winner) { continue }
                    winners[row.driver] = row
                }
                let expected = (Int64(1)...3).map { driver -> Value in
                    guard let winner = winners[driver], winner.time <= now else { return .null }
                    return .integer(winner.trips)
                }
                let values = try project.values([1, 2, 3])
                #expect(values == expected, "step \(step), \(start)...\(end) at \(now)")
            }
        }
    }

    @Test("An end in the future is now, is said to be, and does not keep later rows out")
    func endInTheFuture() throws {
        let lines = [
            SmallProject.line(1, 90, trips: "1"), SmallProject.line(1, 110, trips: "2"),
        ]
        try withProject(lines) { project in
            let report = try project.store.materialize(to: second(1000))
            #expect(report.views[0].end == second(100))
            #expect(report.views[0].afterEnd == 1)
            #expect(report.notes.count == 1)
            #expect(report.notes.first?.contains("\(second(1000)) is in the future") ?? false)
            #expect(try project.values([1]) == [1])
            let status = try project.store.status().featureViews[0]
            #expect(status.loadedUpTo == second(100) && status.loaded)

            let later = try project.store.materialize(from: second(105))
            #expect(later.views[0].keysWritten == 0 && later.notes.count == 1)
            #expect(later.notes[0].contains("the start \(second(105)) is in the future"))

            project.clock.now = second(110)
            #expect(try project.values([1]) == [1])
            #expect(try project.store.materializeIncremental(to: second(110)).notes.isEmpty)
            #expect(try project.values([1]) == [2])
        }
    }

    @Test("The same rows twice change nothing, and a start after the end is refused")
    func twice() throws {
        let lines = [
            SmallProject.line(1, 1, trips: "1"), SmallProject.line(1, 1, trips: "2"),
            SmallProject.line(2, 5, created: 6, trips: "3"),
            SmallProject.line(2, 5, created: 5, trips: "4"),
        ]
        try withProject(lines) { project in
            #expect(try project.store.materialize().views.map(\.keysWritten) == [2])
            for _ in 0..<2 {
                project.clock.now = second(200)
                let again = try project.store.materialize().views[0]
                #expect(again.keysWritten == 0 && again.stale == 0 && again.rowsRead == 4)
                #expect(try project.store.materializeIncremental().views[0].keysWritten == 0)
                #expect(try project.store.materialize(to: second(2)).views[0].keysWritten == 0)
            }
            #expect(try project.values([1, 2]) == [2, 3])
            let error = failure { try project.store.materialize(from: second(2), to: second(1)) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("is after the end") ?? false)
        }
    }

    @Test("A view that fails keeps what it had, and the others are loaded")
    func oneViewFails() throws {
        try withProject([SmallProject.line(1, 1, trips: "1")]) { project in
            var source = project.repository.dataSources[0]
            source.name = "other_source"
            source.kind = .csv(.init(path: "other.csv"))
            var view = project.repository.featureViews[0]
            view.name = "a_other"
            view.source = source.name
            project.repository.dataSources.append(source)
            project.repository.featureViews.insert(view, at: 0)
            try project.write([SmallProject.line(1, 1, trips: "10")], to: "other.csv")
            try project.apply()
            try project.store.materialize()

            try FileManager.default.removeItem(
                at: project.directory.appendingPathComponent("other.csv")
            )
            try project.write([SmallProject.line(1, 2, trips: "2")])
            let error = failure { try project.store.materialize() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("1 of 2 feature views was not loaded") ?? false)
            #expect(error?.message.contains("feature view \"a_other\": ") ?? false)
            #expect(error?.message.contains("other.csv") ?? false)
            let report = try #require(error?.cause as? PartialMaterialization).report
            #expect(!report.succeeded)
            #expect(report.views.map(\.name) == ["a_other", "stats"])
            #expect(report.views.map { $0.error == nil } == [false, true])
            #expect(report.views.map(\.keysWritten) == [0, 1])
            #expect(try project.values([1]) == [2])
            #expect(try project.values([1], of: "a_other:trips") == [10])

            let only = try project.store.materialize(views: ["stats"])
            #expect(only.views.map(\.name) == ["stats"])
            let unknown = failure { try project.store.materialize(views: ["stat", "stats"]) }
            #expect(unknown?.code == .featureViewNotFound)
            #expect(unknown?.message.contains("did you mean \"stats\"?") ?? false)
        }
    }

    @Test("Bad rows are counted and named; with strict one is enough to load nothing")
    func strict() throws {
        let lines = [
            SmallProject.line(1, 1, trips: "1"), SmallProject.line(2, 1, trips: "2"),
            SmallProject.line(3, 1, trips: "3"), SmallProject.line(4, 1, trips: "4"),
        ]
        try withProject(lines) { project in
            try project.write(lines + [SmallProject.line(5, 1, trips: "five"), ",,,1,", "6,,,1,"])
            let error = failure { try project.store.materialize(strict: true) }
            #expect(error?.message.contains("stats.csv:6: column \"trips\": \"five\"") ?? false)
            #expect(try project.online([1, 5]).statuses == [.notFound, .notFound])
            let view = try project.store.materialize().views[0]
            #expect(view.rowsRead == 7 && view.bad == 1 && view.nullKey == 1 && view.nullTime == 1)
            #expect(view.samples.count == 1 && view.keysWritten == 4)
            #expect(view.samples.first?.contains("stats.csv:6: column \"trips\"") ?? false)
            #expect(try project.values([1, 5]) == [1, nil])
            #expect(throws: FeatureStoreError.self) {
                try project.store.materializeIncremental(strict: true)
            }
            #expect(try project.store.status().featureViews[0].keysWritten == 4)
        }
    }

    @Test("Rows that were created in the future do not hide what is known")
    func createdLater() throws {
        let lines = [
            SmallProject.line(1, 1, created: 2, trips: "1"),
            SmallProject.line(1, 5, created: 150, trips: "2"),
            SmallProject.line(2, 5, trips: "3"),
        ]
        try withProject(lines) { project in
            try project.store.materialize()
            #expect(try project.values([1, 2]) == [2, 3])
            project.repository.featureViews[0].filterByCreatedTimestamp = true
            try project.apply(allowDestroy: true)
            #expect(try project.online([1, 2]).statuses == [.notFound, .notFound])
            let report = try project.store.materialize().views[0]
            #expect(report.createdLater == 2 && report.keysWritten == 1)
            #expect(try project.values([1, 2]) == [1, nil])
            project.clock.now = second(150)
            try project.store.materializeIncremental()
            #expect(try project.values([1, 2]) == [2, nil])
        }
    }
}
