import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport
import Testing

/// A table of few keys and times in many spellings, with an index, and entity rows.
private struct SeekCase {
    static let start: Int64 = 1_735_603_200_000_000  // 2024-12-31T00:00:00Z
    static let day: Int64 = 86_400_000_000

    let view: HistoricalJoin.View
    let entities: Table

    init(directory: URL, using random: inout SeededGenerator) throws {
        let path = directory.appendingPathComponent("h.db").path
        let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
        let timeType = ["", "TEXT", "INTEGER", "TIMESTAMP"].randomElement(using: &random) ?? ""
        let keyType = ["", "INTEGER", "REAL"].randomElement(using: &random) ?? ""
        try database.execute(
            "CREATE TABLE h (number \(keyType), name TEXT, t \(timeType), made, x, y)"
        )
        let insert = try database.prepare("INSERT INTO h VALUES (?, ?, ?, ?, ?, ?)")
        let spellings = Spelling.some(using: &random)
        for row in 0..<Int.random(in: 0...60, using: &random) {
            try Self.bind(row, spellings, to: insert, using: &random)
            try insert.run()
        }
        // Source order is that of the rowids, whatever came first.
        if Bool.random(using: &random) {
            try database.execute("UPDATE h SET rowid = -rowid")
        }
        let keys = [["number"], ["name"], ["number", "name"]].randomElement(using: &random) ?? []
        let indexes = [
            (keys + ["t"]).joined(separator: ", "), (keys + ["t", "made"]).joined(separator: ", "),
            (keys.reversed() + ["t DESC"]).joined(separator: ", "), keys.joined(separator: ", "),
        ]
        let index = indexes.randomElement(using: &random) ?? ""
        try database.execute("CREATE INDEX by_key ON h (\(index))")
        let isStatic = Int.random(in: 0..<6, using: &random) == 0
        let hasCreated = Bool.random(using: &random)
        self.view = HistoricalJoin.View(
            name: "v",
            source: DataSource(
                name: "s",
                kind: .sqlite(DataSource.SQLiteOptions(path: path, relation: .table("h"))),
                timestampField: isStatic ? nil : "t",
                createdTimestampColumn: hasCreated ? "made" : nil,
                timezone: Int.random(in: 0..<4, using: &random) == 0 ? "Asia/Tokyo" : nil
            ),
            joinKeys: keys.map { Entity.JoinKey(name: $0, type: $0 == "name" ? .string : .int64) },
            ttlMicroseconds: Bool.random(using: &random)
                ? 0 : Int64.random(in: 1...(3 * Self.day), using: &random),
            schema: [Field(name: "x", type: .int64), Field(name: "y", type: .string)],
            wanted: [0, 1],
            filterByCreated: Bool.random(using: &random)
        )
        self.entities = try Self.entities(using: &random)
    }

    private static func bind(
        _ row: Int,
        _ spellings: [Spelling],
        to insert: borrowing SQLiteStatement,
        using random: inout SeededGenerator
    ) throws {
        try insert.bind(Int64.random(in: 1...3, using: &random), at: 1)
        try insert.bind(["a", "b"].randomElement(using: &random) ?? "", at: 2)
        for column in 3...4 {
            let time = Self.time(&random)
            let spelling = spellings.randomElement(using: &random) ?? .null
            try spelling.bind(time, to: insert, at: column)
        }
        // Now and then a feature that makes the row a bad one.
        if Int.random(in: 0..<8, using: &random) == 0 {
            try insert.bind("no number", at: 5)
        } else {
            try insert.bind(Int64(row), at: 5)
        }
        try insert.bind("row \(row)", at: 6)
    }

    private static func entities(using random: inout SeededGenerator) throws -> Table {
        var numbers: [Value] = []
        var names: [Value] = []
        var times: [Value] = []
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            numbers.append(.integer(Int64.random(in: 1...4, using: &random)))
            names.append(.string(["a", "b", "c"].randomElement(using: &random) ?? ""))
            times.append(.timestamp(Timestamp(microseconds: Self.time(&random))))
        }
        return Table(
            columns: [
                Table.NamedColumn(
                    name: "number",
                    column: try Column(type: .int64, values: numbers)
                ),
                Table.NamedColumn(name: "name", column: try Column(type: .string, values: names)),
                Table.NamedColumn(
                    name: "event_timestamp",
                    column: try Column(type: .unixTimestamp, values: times)
                ),
            ],
            rowCount: times.count
        )
    }

    /// Half days around a change of the year.
    static func time(_ random: inout SeededGenerator) -> Int64 {
        self.start + Int64.random(in: -6...8, using: &random) * self.day / 2
            + Int64.random(in: 0...1, using: &random) * 1_000_000
    }
}

/// A way to write a time into a table.
private enum Spelling: CaseIterable {
    case seconds
    case real
    case space
    case letter
    case offset
    case dayOnly
    case digits
    case null
    case nonsense

    /// One spelling most of the time, or all of them.
    static func some(using random: inout SeededGenerator) -> [Spelling] {
        if Int.random(in: 0..<4, using: &random) == 0 { return self.allCases }
        let ordered: [[Spelling]] = [
            [.seconds], [.seconds, .real], [.space], [.letter],
            [.letter, .offset, .space, .dayOnly],
        ]
        return ordered.randomElement(using: &random) ?? []
    }

    func bind(_ time: Int64, to insert: borrowing SQLiteStatement, at index: Int) throws {
        let text = Timestamp(microseconds: time).description
        switch self {
        case .seconds: try insert.bind(time / 1_000_000, at: index)
        case .real: try insert.bind(Double(time) / 1_000_000 + 0.25, at: index)
        case .space:
            try insert.bind(
                text.replacingOccurrences(of: "T", with: " ").replacingOccurrences(
                    of: "Z",
                    with: ""
                ),
                at: index
            )
        case .letter: try insert.bind(text, at: index)
        case .offset:
            let shifted = Timestamp(microseconds: time + 14 * 3_600_000_000).description
            try insert.bind(shifted.replacingOccurrences(of: "Z", with: "+14:00"), at: index)
        case .dayOnly: try insert.bind(String(text.prefix(10)), at: index)
        case .digits: try insert.bind("\(time / 1_000_000)", at: index)
        case .null: try insert.bindNull(at: index)
        case .nonsense: try insert.bind("2024-99-99 soon", at: index)
        }
    }
}

@Suite struct SQLiteSeekTests {
    @Test("Rows that are looked up are those that a scan finds", arguments: UInt64(0)..<300)
    func agreesWithScan(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try withTemporaryDirectory { directory in
            let example = try SeekCase(directory: directory, using: &random)
            let rows = try EntityRows(table: example.entities, timestampColumn: "event_timestamp")
            let seeking = SourceReader(root: directory.path, rowsPerSeek: 0)
            let scanning = SourceReader(root: directory.path, rowsPerSeek: .max / 1000)

            let found = try HistoricalJoin(reader: seeking).run(rows, views: [example.view]).views[
                0
            ]
            let expected = try HistoricalJoin(reader: scanning)
                .run(rows, views: [example.view]).views[0]

            for (left, right) in zip(found.columns, expected.columns) {
                #expect(left.values == right.values)
            }
            #expect(found.summary.missed == expected.summary.missed)
            #expect(
                found.summary.cellsCreatedFilterWouldChange
                    == expected.summary.cellsCreatedFilterWouldChange
            )
        }
    }

    @Test("Many keys are looked up by several threads", arguments: ["int64", "string"])
    func manyKeys(type: String) throws {
        var random = SeededGenerator(seed: 3)
        let type = try #require(ValueType(type))
        func name(_ key: Int) -> Value {
            type == .string ? .string("k\(key)") : .integer(Int64(key))
        }
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("h.db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute("CREATE TABLE h (k, t, x); CREATE INDEX by_k ON h (k, t); BEGIN")
            let insert = try database.prepare("INSERT INTO h VALUES (?, ?, ?)")
            for row in 0..<9_000 {
                let key = Int.random(in: 0..<2_000, using: &random)
                if type == .string {
                    try insert.bind("k\(key)", at: 1)
                } else {
                    try insert.bind(Int64(key), at: 1)
                }
                try insert.bind(Int64.random(in: 0..<100_000, using: &random), at: 2)
                // Some are bad.
                if row % 40 == 0 {
                    try insert.bind("soon", at: 3)
                } else {
                    try insert.bind(Int64(row), at: 3)
                }
                try insert.run()
            }
            try database.execute("COMMIT")
            let view = HistoricalJoin.View(
                name: "v",
                source: DataSource(
                    name: "s",
                    kind: .sqlite(DataSource.SQLiteOptions(path: path, relation: .table("h"))),
                    timestampField: "t"
                ),
                joinKeys: [Entity.JoinKey(name: "k", type: type)],
                ttlMicroseconds: 30_000_000_000,
                schema: [Field(name: "x", type: .int64)],
                wanted: [0]
            )
            var keys: [Value] = []
            var times: [Value] = []
            for _ in 0..<4_000 {
                keys.append(name(Int.random(in: 0..<2_100, using: &random)))
                let second = Int64.random(in: -10..<120_000, using: &random)
                times.append(.timestamp(Timestamp(microseconds: second * 1_000_000)))
            }
            let table = Table(
                columns: [
                    .init(name: "k", column: try Column(type: type, values: keys)),
                    .init(name: "when", column: try Column(type: .unixTimestamp, values: times)),
                ],
                rowCount: keys.count
            )
            let rows = try EntityRows(table: table, timestampColumn: "when")
            let results = try [0, .max / 1_000_000].map { rowsPerSeek in
                let reader = SourceReader(root: directory.path, rowsPerSeek: rowsPerSeek)
                return try HistoricalJoin(reader: reader).run(rows, views: [view]).views[0]
            }
            #expect(results[0].report.rowsRead < results[1].report.rowsRead)
            #expect(results[0].columns[0].values == results[1].columns[0].values)
            #expect(results[0].summary == results[1].summary)
            #expect(results[0].summary.missed.count == 3)
        }
    }

    @Test("Keys that are texts in the table are read, not looked up")
    func textKeys() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("h.db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute(
                """
                CREATE TABLE h (number, t, x);
                INSERT INTO h VALUES (1, 100, 10), ('2', 100, 20);
                CREATE INDEX by_number ON h (number, t);
                """
            )
            let view = HistoricalJoin.View(
                name: "v",
                source: DataSource(
                    name: "s",
                    kind: .sqlite(DataSource.SQLiteOptions(path: path, relation: .table("h"))),
                    timestampField: "t"
                ),
                joinKeys: [Entity.JoinKey(name: "number", type: .int64)],
                schema: [Field(name: "x", type: .int64)],
                wanted: [0]
            )
            let csv = "number,when\n1,2026-02-01\n2,2026-02-01\n"
            let table = try EntityTable(bytes: Array(csv.utf8), file: "e.csv")
            let rows = try EntityRows(table, timestampColumn: "when")
            let reader = SourceReader(root: directory.path, rowsPerSeek: 0)
            let result = try HistoricalJoin(reader: reader).run(rows, views: [view])
            #expect(result.views[0].columns[0].values == [.integer(10), .integer(20)])
        }
    }
}
