import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport
import Testing

/// A source of all types, and what is to be read of it.
private struct TypeCase {
    static let types: [ValueType] = [
        .int32, .int64, .float32, .float64, .string, .bytes, .bool, .unixTimestamp,
        .array(.string), .json, .uuid, .decimal,
    ]
    private static let texts: [String: [String]] = [
        "int32": ["-2147483648", "2147483647", "0", "7", "8", "9"],
        "int64": ["-9223372036854775808", "9223372036854775807", "1", "70000", "-3"],
        "float32": ["0.1", "NaN", "-0.0", "1e30", "Infinity", "2.5", "7"],
        "float64": [
            "0.1", "NaN", "-0.0", "1e300", "-Infinity", "2.07", "0.5888726870847998", "9",
        ],
        "string": ["a", "\"\"", "\"b,c\"", "é", "\"of, \"\"two\"\" words\"", "NA"],
        "bytes": ["AAEC", "\"\"", "/w=="], "bool": ["true", "false"],
        "unix_timestamp": ["2024-01-01", "2024-01-01 12:00:00.000001", "1700000000"],
        "array(string)": ["\"[]\"", "[\"\"a\"\"]"], "json": ["1", "\"{}\""],
        "uuid": ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"], "decimal": ["1.10", "-5"],
    ]

    var scan: SourceScan

    init(in directory: URL, rows: Int, using random: inout SeededGenerator) throws {
        let features = Self.types.shuffled(using: &random)
            .prefix(Int.random(in: 0...5, using: &random)).enumerated()
            .map { Field(name: "f\($0.offset)", type: $0.element) }
        let keyTypes: [[ValueType]] = [
            [.int64], [.string], [.int32, .string], [], [.unixTimestamp],
        ]
        let keys = (keyTypes.randomElement(using: &random) ?? []).enumerated().map {
            Entity.JoinKey(name: "k\($0.offset)", type: $0.element)
        }
        let hasTimes = Int.random(in: 0..<4, using: &random) > 0
        let hasCreated = Bool.random(using: &random)
        let fileCount = Int.random(in: 1...3, using: &random)
        for file in 0..<fileCount {
            var header = keys.map(\.name) + (hasTimes ? ["t"] : []) + (hasCreated ? ["c"] : [])
            header += features.map(\.name)
            if header.isEmpty { header = ["nothing"] }
            var text = header.joined(separator: ",") + "\n"
            for _ in 0..<(rows / fileCount) {
                var cells = keys.map { key in
                    Self.cell(key.type, wrong: 60, null: 40, among: 3, using: &random)
                }
                if hasTimes { cells.append(Self.time(null: 30, using: &random)) }
                if hasCreated { cells.append(Self.time(null: 5, using: &random)) }
                cells += features.map {
                    Self.cell($0.type, wrong: 200, null: 6, among: 9, using: &random)
                }
                text += (cells.isEmpty ? ["x"] : cells).joined(separator: ",") + "\n"
            }
            try Data(text.utf8).write(to: directory.appendingPathComponent("s\(file).csv"))
        }
        self.scan = SourceScan(
            source: DataSource(
                name: "s",
                kind: .csv(.init(path: "s*.csv")),
                timestampField: hasTimes ? "t" : nil,
                createdTimestampColumn: hasCreated ? "c" : nil,
                timezone: Bool.random(using: &random) ? "Europe/Oslo" : nil
            ),
            joinKeys: keys,
            features: features
        )
    }

    private static func time(null: Int, using random: inout SeededGenerator) -> String {
        if Int.random(in: 0..<null, using: &random) == 0 { return "" }
        let seconds = Int.random(in: 0..<6, using: &random)
        let fraction = Int.random(in: 0..<4, using: &random) == 0 ? ".5" : ""
        return "2024-03-31 02:2\(seconds):00\(fraction)"
    }

    private static func cell(
        _ type: ValueType,
        wrong: Int,
        null: Int,
        among count: Int,
        using random: inout SeededGenerator
    ) -> String {
        if Int.random(in: 0..<null, using: &random) == 0 { return "" }
        if Int.random(in: 0..<wrong, using: &random) == 0 { return "\"wrong\"x" }
        return self.texts["\(type)"]?.prefix(count).randomElement(using: &random) ?? ""
    }

    /// What a cache delivers of rows in source order: by key, time, created time and source order.
    static func sorted(_ rows: [Delivered]) -> [[Value]: [Delivered]] {
        var byKey: [[Value]: [Delivered]] = [:]
        for row in rows { byKey[row.key, default: []].append(row) }
        return byKey.mapValues { rows in
            rows.enumerated().sorted { left, right in
                let (one, other) = (left.element, right.element)
                if one.time != other.time { return one.time < other.time }
                let (first, second) = (one.created ?? 0, other.created ?? 0)
                return first != second ? first < second : left.offset < right.offset
            }.map(\.element)
        }
    }
}

@Suite("Caches of CSV sources")
struct SourceCacheTests {
    @Test("A cache gives back every row of every type", arguments: UInt64(0)..<60)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try withTemporaryDirectory { directory in
            // Groups have 1,024 rows, and runs what fits into so many bytes.
            let rowCount = [0, 3, 50, 400, 2_500].randomElement(using: &random) ?? 0
            var example = try TypeCase(in: directory, rows: rowCount, using: &random)
            let told = Told()
            let memory = [1, 3_000, 60_000, 1 << 20].randomElement(using: &random) ?? 1
            let cache = SourceCache(
                folder: directory.path + "/cache",
                memory: rowCount > 1_000 ? max(memory, 20_000) : memory,
                tell: told.add
            )
            let text = SourceReader(root: directory.path)
            let cached = SourceReader(root: directory.path, cache: cache)
            for round in 0..<2 {
                let expected = try readRows(example.scan, text)
                let found = try readRows(example.scan, cached)
                #expect(told.take() == (round == 0 ? ["made"] : ["read"]))
                let sorted = TypeCase.sorted(expected.rows)
                #expect(TypeCase.sorted(found.rows) == sorted)
                // Each key's rows come in order already.
                var byKey: [[Value]: [Delivered]] = [:]
                for row in found.rows { byKey[row.key, default: []].append(row) }
                #expect(byKey == sorted)
                expectSame(found.report, expected.report)
            }
            // Windows, and the newest row of each key in them.
            for _ in 0..<6 {
                let start = Timestamp("2024-03-31T00:20:00Z")?.microseconds ?? 0
                let times = (0..<3).map { _ in
                    Bool.random(using: &random)
                        ? Timestamp(
                            microseconds: start + Int64.random(in: -1...12, using: &random)
                                * 30_000_000
                        ) : nil
                }
                (example.scan.earliest, example.scan.latest) = (times[0], times[1])
                example.scan.latestCreated = times[2]
                example.scan.newestOnly = false
                let expected = try readRows(example.scan, text)
                let all = try readRows(example.scan, cached)
                #expect(TypeCase.sorted(all.rows) == TypeCase.sorted(expected.rows))
                #expect(all.report.newestEventTime == expected.report.newestEventTime)
                example.scan.newestOnly = true
                let newest = try readRows(example.scan, cached)
                #expect(
                    TypeCase.sorted(newest.rows)
                        == TypeCase.sorted(expected.rows).mapValues { Array($0.suffix(1)) }
                )
                #expect(newest.report.newestEventTime == expected.report.newestEventTime)
                // A bad row is one of the whole source for a cache, and is not later as well.
                if newest.report.bad == 0 {
                    #expect(newest.report.afterEnd == expected.report.afterEnd)
                    #expect(newest.report.createdLater == expected.report.createdLater)
                }
            }
        }
    }

    @Test("Training sets are the same with caches and without", arguments: UInt64(0)..<80)
    func joins(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try withTemporaryDirectory { directory in
            let example = try JoinCase(directory: directory, using: &random)
            let table = try EntityTable(bytes: example.csv, file: "entities.csv")
            let rows = try EntityRows(table, timestampColumn: "event_timestamp", strict: true)
            let cache = SourceCache(
                folder: directory.path + "/cache",
                memory: Int.random(in: 1...4_000, using: &random)
            )
            let text = try HistoricalJoin(reader: SourceReader(root: directory.path))
                .run(rows, views: example.views)
            let cached = HistoricalJoin(reader: SourceReader(root: directory.path, cache: cache))
            for _ in 0..<2 {
                let result = try cached.run(rows, views: example.views)
                for (found, expected) in zip(result.views, text.views) {
                    #expect(found.columns.map(\.values) == expected.columns.map(\.values))
                    #expect(found.summary.missed == expected.summary.missed)
                    #expect(found.summary.nullInSource == expected.summary.nullInSource)
                    #expect(
                        found.summary.cellsCreatedFilterWouldChange
                            == expected.summary.cellsCreatedFilterWouldChange
                    )
                    #expect(found.report.rowsRead == expected.report.rowsRead)
                }
            }
        }
    }
}

private func expectSame(_ found: ScanReport, _ expected: ScanReport) {
    #expect(found.rowsRead == expected.rowsRead)
    #expect(found.rowsKept == expected.rowsKept)
    #expect(found.bad == expected.bad)
    #expect(found.nullKey == expected.nullKey)
    #expect(found.nullTime == expected.nullTime)
    #expect(found.samples.map(\.description) == expected.samples.map(\.description))
    #expect(found.newestEventTime == expected.newestEventTime)
    #expect(found.sawZonelessTime == expected.sawZonelessTime)
}
