import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport
import Testing

/// One entity row, as plain values.
struct PlainEntity {
    var number: Int64?
    var name: String?
    var time: Int64?
}

/// One random case: sources on disk, entity rows, views.
struct JoinCase {
    enum Keys: CaseIterable { case number, name, both, none }

    var entities: [PlainEntity]
    var histories: [RandomHistory] = []
    var keys: [Keys] = []
    var isStatic: [Bool] = []
    var hasCreated: [Bool] = []
    var views: [HistoricalJoin.View] = []

    init(directory: URL, using random: inout SeededGenerator) throws {
        self.entities = (0..<Int.random(in: 0...25, using: &random)).map { _ in
            PlainEntity(
                number: RandomHistory.maybe(Int64.random(in: 1...4, using: &random), &random),
                name: RandomHistory.maybe(
                    RandomHistory.names.randomElement(using: &random) ?? "",
                    &random
                ),
                time: RandomHistory.maybe(RandomHistory.time(&random), &random)
            )
        }
        for index in 0..<Int.random(in: 1...4, using: &random) {
            try self.addView(index, directory: directory, using: &random)
        }
    }

    mutating func addView(
        _ index: Int,
        directory: URL,
        using random: inout SeededGenerator
    ) throws {
        let history = RandomHistory(count: Int.random(in: 0...40, using: &random), using: &random)
        let kind: DataSource.Kind
        if Bool.random(using: &random) {
            try history.writeCSV(in: directory, name: "h\(index)", using: &random)
            kind = .csv(DataSource.CSVOptions(path: "h\(index)-*.csv"))
        } else {
            let path = directory.appendingPathComponent("h\(index).db").path
            try history.writeTable(path: path, name: "history", using: &random)
            kind = .sqlite(
                DataSource.SQLiteOptions(path: "h\(index).db", relation: .table("history"))
            )
        }
        let keys = Keys.allCases.randomElement(using: &random) ?? .none
        let number = Entity.JoinKey(name: "number", type: .int64)
        let name = Entity.JoinKey(name: "name", type: .string)
        let joinKeys: [Entity.JoinKey] =
            switch keys {
            case .number: [number]
            case .name: [name]
            case .both: [number, name]
            case .none: []
            }
        let isStatic = Int.random(in: 0..<6, using: &random) == 0
        let hasCreated = Bool.random(using: &random)
        self.histories.append(history)
        self.keys.append(keys)
        self.isStatic.append(isStatic)
        self.hasCreated.append(hasCreated)
        self.views.append(
            HistoricalJoin.View(
                name: "v\(index)",
                source: DataSource(
                    name: "s\(index)",
                    kind: kind,
                    timestampField: isStatic ? nil : "event_time",
                    createdTimestampColumn: hasCreated ? "created" : nil,
                    fieldMapping: ["time": "event_time", "temp": "temperature"]
                ),
                joinKeys: joinKeys,
                ttlMicroseconds: Bool.random(using: &random)
                    ? 0 : Int64.random(in: 1...12, using: &random),
                schema: [
                    Field(name: "temperature", type: .float32), Field(name: "label", type: .string),
                ],
                wanted: [[0], [1], [0, 1], [1, 0]].randomElement(using: &random) ?? [],
                filterByCreated: Bool.random(using: &random)
            )
        )
    }

    /// The row that an entity row sees, by the definition.
    func match(_ entity: PlainEntity, view: Int, filterByCreated: Bool) -> PlainRow? {
        guard let now = entity.time else { return nil }
        var best: PlainRow?
        for row in self.histories[view].rows {
            guard self.isSameKey(row, entity, self.keys[view]) else { continue }
            if !self.isStatic[view] {
                guard let time = row.time, time <= now else { continue }
                let ttl = self.views[view].ttlMicroseconds
                if ttl > 0, time < now - ttl { continue }
            }
            if filterByCreated, self.hasCreated[view] {
                guard let created = row.created, created <= now else { continue }
            }
            if let known = best, self.rank(row, view) < self.rank(known, view) { continue }
            best = row
        }
        return best
    }

    private func isSameKey(_ row: PlainRow, _ entity: PlainEntity, _ keys: Keys) -> Bool {
        let isNumber = row.number != nil && row.number == entity.number
        let isName = row.name != nil && row.name == entity.name
        switch keys {
        case .number: return isNumber
        case .name: return isName
        case .both: return isNumber && isName
        case .none: return true
        }
    }

    private func rank(_ row: PlainRow, _ view: Int) -> (Int64, Int64) {
        (
            self.isStatic[view] ? 0 : row.time ?? 0,
            self.hasCreated[view] ? row.created ?? .min : 0
        )
    }

    /// The entity file.
    var csv: [UInt8] {
        var text = "name,event_timestamp,note,number\n"
        for (row, entity) in self.entities.enumerated() {
            let cells = [
                entity.name, instant(entity.time), "n\(row)", entity.number.map(String.init),
            ]
            text += cells.map { csvField($0) }.joined(separator: ",") + "\n"
        }
        return Array(text.utf8)
    }
}

private func value(_ row: PlainRow?, _ feature: Int) -> Value {
    guard let row else { return .null }
    if feature == 0 { return row.temp.map { .float($0) } ?? .null }
    return row.label.map { .string($0) } ?? .null
}

@Suite struct HistoricalJoinTests {
    @Test("Training sets agree with the definition, cell by cell", arguments: UInt64(0)..<150)
    func agreesWithTheDefinition(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try withTemporaryDirectory { directory in
            let example = try JoinCase(directory: directory, using: &random)
            let table = try EntityTable(bytes: example.csv, file: "entities.csv")
            #expect(
                table.table["note"]?.values == example.entities.indices.map { .string("n\($0)") }
            )
            #expect(
                table.table["name"]?.values
                    == example.entities.map { $0.name.map { .string($0) } ?? .null }
            )
            let rows = try EntityRows(table, timestampColumn: "event_timestamp", strict: true)
            let join = HistoricalJoin(reader: SourceReader(root: directory.path), strict: true)

            let result = try join.run(rows, views: example.views)
            try self.expectSame(
                result,
                inParts: Int.random(in: 1...8, using: &random),
                PreparedJoin(join, rows, views: example.views),
                rowCount: example.entities.count
            )

            for (index, view) in example.views.enumerated() {
                let found = result.views[index]
                let expected = example.entities.map {
                    example.match($0, view: index, filterByCreated: view.filterByCreated)
                }
                for (position, feature) in view.wanted.enumerated() {
                    #expect(found.columns[position].values == expected.map { value($0, feature) })
                    let nulls = expected.count { $0 != nil && value($0, feature) == .null }
                    #expect(found.summary.nullInSource[position] == nulls)
                }
                #expect(found.summary.matched == expected.count { $0 != nil })
                let missed = found.summary.missed.values.reduce(0, +)
                #expect(found.summary.matched + missed == example.entities.count)
                #expect(found.report.bad == 0)
                if !view.filterByCreated {
                    let filtered = example.entities.map {
                        example.match($0, view: index, filterByCreated: true)
                    }
                    let changed = view.wanted.map { feature in
                        expected.indices.count {
                            value(expected[$0], feature) != value(filtered[$0], feature)
                        }
                    }
                    #expect(found.summary.cellsCreatedFilterWouldChange == changed)
                }
            }
        }
    }

    /// Joins a few rows at a time, and compares.
    private func expectSame(
        _ whole: HistoricalJoin.Result,
        inParts size: Int,
        _ join: PreparedJoin,
        rowCount: Int
    ) throws {
        guard rowCount > 0 else { return }
        var sum: HistoricalJoin.Result?
        var columns = whole.views.map { $0.columns.map { _ in [Value]() } }
        for start in stride(from: 0, to: rowCount, by: size) {
            let part = try join.run(start..<min(start + size, rowCount))
            for (view, found) in part.views.enumerated() {
                for (index, column) in found.columns.enumerated() {
                    columns[view][index] += column.values
                }
            }
            if sum == nil {
                sum = part.withoutColumns
            } else {
                sum?.add(part)
            }
        }
        #expect(columns == whole.views.map { $0.columns.map(\.values) })
        for (part, view) in zip(try #require(sum).views, whole.views) {
            #expect(part.summary == view.summary)
            #expect(part.report.bad == view.report.bad)
        }
    }

    @Test("Views of one source are read together, unless a row is bad for one of them")
    func viewsOfOneSource() throws {
        try withTemporaryDirectory { directory in
            func write(_ lastCell: String) throws {
                try "id,t,x,y,z\n1,2026-01-01,5,6,7\n1,2026-01-03,8,\(lastCell),9\n".write(
                    to: directory.appendingPathComponent("s.csv"),
                    atomically: false,
                    encoding: .utf8
                )
            }
            func view(_ name: String, _ features: [String], ttl: Int64) -> HistoricalJoin.View {
                HistoricalJoin.View(
                    name: name,
                    source: DataSource(
                        name: "s",
                        kind: .csv(DataSource.CSVOptions(path: "s.csv")),
                        timestampField: "t"
                    ),
                    joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
                    ttlMicroseconds: ttl,
                    schema: features.map { Field(name: $0, type: .int64) },
                    wanted: Array(features.indices)
                )
            }
            let day: Int64 = 86_400_000_000
            let views = [
                view("one", ["x", "z"], ttl: 0), view("two", ["y", "x"], ttl: day),
                view("three", ["z"], ttl: 3 * day),
            ]
            let csv = "id,when\n1,2026-01-02\n1,2026-01-05\n"
            let table = try EntityTable(bytes: Array(csv.utf8), file: "e.csv")
            let rows = try EntityRows(table, timestampColumn: "when")
            let join = HistoricalJoin(reader: SourceReader(root: directory.path))

            try write("10")
            let plans = try PreparedJoin(join, rows, views: views).plans
            #expect(
                plans.map(\.readWith) == [["two", "three"], ["one", "three"], ["one", "two"]]
            )
            let together = try join.run(rows, views: views).views
            #expect(
                together.map { $0.columns.map(\.values) } == [
                    [[.integer(5), .integer(8)], [.integer(7), .integer(9)]],
                    [[.integer(6), .null], [.integer(5), .null]], [[.integer(7), .integer(9)]],
                ]
            )
            #expect(together[1].summary.missed == [.olderThanTTL: 1])

            try write("bad")
            let apart = try join.run(rows, views: views).views
            #expect(
                apart.map { $0.columns.map(\.values) } == [
                    [[.integer(5), .integer(8)], [.integer(7), .integer(9)]],
                    [[.integer(6), .null], [.integer(5), .null]], [[.integer(7), .integer(9)]],
                ]
            )
            // No slot of the second view can want the bad row.
            #expect(apart.map(\.report.bad) == [0, 0, 0])
            let longer = [views[0], view("two", ["y", "x"], ttl: 0)]
            let bad = try join.run(rows, views: longer).views
            #expect(bad.map(\.report.bad) == [0, 1])
            #expect(
                bad[1].columns.map(\.values) == [
                    [.integer(6), .integer(6)], [.integer(5), .integer(5)],
                ]
            )
        }
    }

    @Test(
        "A key that cannot be the declared type is null, counted and named; strict makes it fatal"
    )
    func unreadableKeys() throws {
        try withTemporaryDirectory { directory in
            try "id,t,x\n1,2026-01-01,5\n".write(
                to: directory.appendingPathComponent("s.csv"),
                atomically: false,
                encoding: .utf8
            )
            let view = HistoricalJoin.View(
                name: "v",
                source: DataSource(
                    name: "s",
                    kind: .csv(DataSource.CSVOptions(path: "s.csv")),
                    timestampField: "t"
                ),
                joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
                schema: [Field(name: "x", type: .int64)],
                wanted: [0]
            )
            let csv = "id,when\nabc,2026-02-01\n1,2026-02-01\n1.0,soon\n,2026-02-01\n"
            let table = try EntityTable(bytes: Array(csv.utf8), file: "e.csv")
            let rows = try EntityRows(table, timestampColumn: "when")
            #expect(rows.sawZonelessTime)
            #expect(
                rows.unreadableTimes?.samples == ["e.csv:4: column \"when\": \"soon\" is no time"]
            )
            let reader = SourceReader(root: directory.path)
            let result = try HistoricalJoin(reader: reader).run(rows, views: [view])
            #expect(result.views[0].columns[0].values == [.null, .integer(5), .null, .null])
            #expect(result.views[0].summary.missed == [.nullKey: 2, .nullTime: 1])
            #expect(
                result.unreadableKeys.flatMap(\.samples)
                    == ["e.csv:2: column \"id\": \"abc\" is no int64"]
            )
            #expect(throws: OfflineStoreError.self) {
                try HistoricalJoin(reader: reader, strict: true).run(rows, views: [view])
            }
            #expect(throws: OfflineStoreError.self) {
                try EntityRows(table, timestampColumn: "when", strict: true)
            }
            #expect(throws: OfflineStoreError.self) {
                try EntityRows(table, timestampColumn: "wen")
            }
        }
    }
}
