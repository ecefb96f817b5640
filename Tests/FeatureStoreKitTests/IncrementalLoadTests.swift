import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// The files of a source, which a test changes one way after the other.
private struct ChangingFiles {
    /// What has become of the bytes of before.
    enum Change: Equatable {
        /// They are all there, and no others.
        case none
        /// They are all there and come first, as whole lines.
        case added
        case other
    }

    let folder: URL
    /// By name: the text after the header.
    private var texts: [String: String] = [:]
    private var random: SeededGenerator
    private var rows = 0

    init(folder: URL, seed: UInt64) throws {
        self.folder = folder
        self.random = SeededGenerator(seed: seed)
        try self.append(5, to: "s4.csv")
        try self.append(5, to: "s5.csv")
    }

    private var names: [String] { self.texts.keys.sorted() }

    /// Does something to the files.
    mutating func change() throws -> Change {
        let before = self.texts
        let last = self.names[self.names.count - 1]
        let any = self.names[Int.random(in: 0..<self.names.count, using: &self.random)]
        switch Int.random(in: 0..<14, using: &self.random) {
        case 0: break
        // The same bytes, another time and another inode.
        case 1: try self.write(any)
        case 2..<7: try self.append(Int.random(in: 1...3, using: &self.random), to: last)
        case 7: try self.append(2, to: any)
        case 8: try self.append(2, to: "s\(Int.random(in: 0...9, using: &self.random)).csv")
        case 9, 10: try self.edit(any)
        case 11: try self.replaceLines(of: any) { Array($0.reversed()) }
        case 12: try self.replaceLines(of: any) { Array($0.dropLast()) }
        default:
            if self.names.count > 1 {
                self.texts[any] = nil
                try FileManager.default.removeItem(at: self.folder.appendingPathComponent(any))
            }
        }
        return self.change(since: before)
    }

    private func change(since before: [String: String]) -> Change {
        if self.texts == before { return .none }
        let names = before.keys.sorted()
        guard self.names.starts(with: names) else { return .other }
        for name in names.dropLast() where self.texts[name] != before[name] { return .other }
        let last = names[names.count - 1]
        let (old, new) = (before[last] ?? "", self.texts[last] ?? "")
        if old == new { return .added }
        return new.hasPrefix(old) && (old.isEmpty || old.hasSuffix("\n")) ? .added : .other
    }

    /// Makes another file of the lines of one.
    private mutating func replaceLines(
        of name: String,
        _ body: ([Substring]) -> [Substring]
    ) throws {
        let text = self.texts[name] ?? ""
        // Half a quoted field would be no file that can be read.
        guard !text.contains("in two") else { return try self.edit(name) }
        self.texts[name] = body(text.split(separator: "\n")).map { $0 + "\n" }.joined()
        try self.write(name)
    }

    /// Adds lines: late ones and new ones, some of them bad.
    private mutating func append(_ count: Int, to name: String) throws {
        for _ in 0..<count {
            self.rows += 1
            let driver = Int64.random(in: 1...4, using: &self.random)
            let time = Int64.random(in: 0...60, using: &self.random)
            let created = Int64.random(in: -1...3, using: &self.random)
            let trips = Int.random(in: 0..<12, using: &self.random) == 0 ? "many" : "\(self.rows)"
            var line = SmallProject.line(
                driver,
                time,
                created: created < 0 ? nil : created,
                trips: trips,
                rate: ["", "0.5", "\"1\"", "1e3"].randomElement(using: &self.random) ?? ""
            )
            switch Int.random(in: 0..<12, using: &self.random) {
            case 0: line = ""
            case 1: line = "1,\"in two\nlines\",,1,"
            case 2: line = ",\(second(time)),,1,"
            default: break
            }
            self.texts[name, default: ""] += line + "\n"
        }
        try self.write(name)
    }

    /// Changes one digit, and nothing of what a file system tells but the time.
    private mutating func edit(_ name: String) throws {
        var bytes = Array((self.texts[name] ?? "").utf8)
        let places = bytes.indices.filter { bytes[$0] == UInt8(ascii: "1") }
        guard let place = places.randomElement(using: &self.random) else {
            return try self.append(1, to: self.names[0])
        }
        bytes[place] = UInt8(ascii: "2")
        self.texts[name] = String(decoding: bytes, as: UTF8.self)
        let file = try FileHandle(forUpdating: self.folder.appendingPathComponent(name))
        try file.seek(toOffset: UInt64(SmallProject.header.utf8.count + 1 + place))
        try file.write(contentsOf: Data("2".utf8))
        try file.close()
    }

    private func write(_ name: String) throws {
        let text = SmallProject.header + "\n" + (self.texts[name] ?? "")
        try Data(text.utf8).write(to: self.folder.appendingPathComponent(name))
    }
}

@Suite("Incremental loads")
struct IncrementalLoadTests {
    /// A project over the files of a folder.
    private func project(_ files: URL, in folder: URL) throws -> SmallProject {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var project = SmallProject(directory: folder)
        project.repository.dataSources[0].kind = .csv(.init(path: files.path + "/s*.csv"))
        try project.apply()
        return project
    }

    @Test("A load that leaves out what it knows ends as one that reads all", arguments: 0..<40)
    func sameAsWhole(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            let folder = directory.appendingPathComponent("files")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            var files = try ChangingFiles(folder: folder, seed: seed)
            let one = try self.project(folder, in: directory.appendingPathComponent("one"))
            let other = try self.project(folder, in: directory.appendingPathComponent("other"))
            var random = SeededGenerator(seed: seed + 1_000)
            /// Rows of before and the last time that counted, when the next load leaves them out.
            var known: (rows: Int, end: Timestamp)?
            for step in 0..<12 {
                let change = step == 0 ? .other : try files.change()
                let now = Int64.random(in: 50...70, using: &random)
                one.clock.now = second(now)
                other.clock.now = second(now)
                let comment: Comment = "step \(step): \(change) at \(now)"
                let end = second(Int64.random(in: 55...70, using: &random))
                var report = try one.store.materializeIncremental(to: end).views[0]
                var whole = try other.store.materialize(to: end).views[0]
                for drivers in [[1, 2], [3, 4]] as [[Value]] {
                    for feature in ["stats:trips", "stats:rate"] {
                        let found = try one.values(drivers, of: feature)
                        #expect(try other.values(drivers, of: feature) == found, comment)
                    }
                }
                let last = min(end, second(now))
                let isKnown = change != .other && (known.map { $0.end <= last } ?? false)
                #expect(report.rowsKnown == (isKnown ? known?.rows : 0), comment)
                // What was passed over for its time is read again.
                known = report.afterEnd == 0 ? (report.rowsRead, last) : nil
                // Bad rows of before were named then; and rows of before are compared no more.
                #expect(report.samples.allSatisfy { whole.samples.contains($0) } || whole.bad > 10)
                (report.rowsKnown, report.stale, report.samples, report.seconds) = (0, 0, [], 0)
                (whole.rowsKnown, whole.stale, whole.samples, whole.seconds) = (0, 0, [], 0)
                #expect(report == whole, comment)
            }
        }
    }

    @Test("Another reading of the same files leaves nothing out")
    func otherReadings() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write(
                [SmallProject.line(1, 10, trips: "1", rate: "2") + ",x"],
                header: SmallProject.header + ",more"
            )
            try project.apply()
            func known(strict: Bool = false) throws -> Int {
                try project.store.materializeIncremental(strict: strict).views[0].rowsKnown
            }
            #expect(try known() == 0)
            #expect(try known() == 1)
            #expect(try known(strict: true) == 1)
            project.repository.dataSources[0].kind = .csv(
                .init(path: "stats.csv", nullValues: ["", "2"])
            )
            try project.apply()
            #expect(try known() == 0)
            #expect(try project.values([1], of: "stats:rate") == [.null])
            #expect(try known() == 1)
            project.repository.featureViews[0].schema.append(Field(name: "more", type: .string))
            try project.apply()
            #expect(try known() == 0)
            #expect(try known() == 1)
            // A load of a window does not tell what the store has from before it.
            try project.store.materialize(from: second(0), to: second(5))
            #expect(try known() == 0)
        }
    }

    @Test("A strict load fails for a bad row that it knows")
    func strict() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write([
                SmallProject.line(1, 10, trips: "many"), SmallProject.line(1, 5, trips: "1"),
            ])
            try project.apply()
            #expect(try project.store.materializeIncremental().views[0].bad == 1)
            let error = failure { try project.store.materializeIncremental(strict: true) }
            #expect(error?.message.contains("1 bad row of 2 (strict)") ?? false)
        }
    }

    @Test("A row that a later time brings in is not left out, with created times or without")
    func laterTimes() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            project.repository.featureViews[0].filterByCreatedTimestamp = true
            try project.write([
                SmallProject.line(1, 10, created: 10, trips: "1"),
                SmallProject.line(2, 20, created: 200, trips: "2"),
                SmallProject.line(3, 300, created: 300, trips: "3"),
            ])
            try project.apply()
            for (now, values) in [(100, [1, nil, nil]), (250, [1, 2, nil]), (350, [1, 2, 3])]
                as [(Int64, [Value])]
            {
                project.clock.now = second(now)
                #expect(try project.store.materializeIncremental().views[0].rowsKnown == 0)
                #expect(try project.values([1, 2, 3]) == values)
            }
            #expect(try project.store.materializeIncremental().views[0].rowsKnown == 3)
        }
    }

    @Test("A row that is pushed online alone, as old as a loaded one, gives way to the next load")
    func pushedAsOld() throws {
        for isIncremental in [true, false] {
            try withTemporaryDirectory { directory in
                var project = SmallProject(directory: directory)
                project.repository.dataSources.append(
                    DataSource(name: "p", kind: .push(.init(batchSource: "stats_source")))
                )
                try project.write([
                    SmallProject.line(1, 10, created: 10, trips: "1"),
                    SmallProject.line(2, 10, trips: "2"),
                ])
                try project.apply()
                try project.store.materializeIncremental()
                #expect(try project.store.materializeIncremental().views[0].rowsKnown == 2)
                let rows = try PushRows([
                    "driver_id": [1, 2],
                    "event_time": [.timestamp(second(10)), .timestamp(second(10))],
                    "created": [.timestamp(second(10)), .null], "trips": [98, 99],
                    "rate": [.null, .null],
                ])
                try project.store.push("p", rows: rows)
                #expect(try project.values([1, 2]) == [98, 99])
                let report =
                    isIncremental
                    ? try project.store.materializeIncremental() : try project.store.materialize()
                #expect(report.views[0].rowsKnown == 0)
                // Without a created time a row is as new as its push.
                #expect(try project.values([1, 2]) == [1, 99])
                #expect(try project.store.materializeIncremental().views[0].rowsRead == 2)
                #expect(try project.values([1, 2]) == [1, 99])
            }
        }
    }
}
