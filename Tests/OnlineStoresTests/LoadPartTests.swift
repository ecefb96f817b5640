import FeatureModel
import TestSupport
import Testing

@testable import OnlineStores

/// Rows of random types, with few different keys.
private struct RandomRows {
    let joinKeys: [Entity.JoinKey]
    let layout: RowLayout
    /// By row: the values of the join keys in the encoder's order.
    let keys: [[Value]]
    /// By row and field.
    let cells: [[TestCell]]
    let eventTimes: [Int64]
    let writeTimes: [Int64]?

    private static let keyTypes: [[ValueType]] = [
        [], [.int64], [.int32], [.string], [.bytes, .string], [.int64, .unixTimestamp],
        [.string, .int64],
    ]
    private static let fieldTypes: [ValueType] = [
        .bool, .int32, .int64, .float32, .float64, .string, .unixTimestamp, .json, .bool,
    ]

    init(_ random: inout SeededGenerator) {
        let types = Self.keyTypes.randomElement(using: &random) ?? []
        self.joinKeys = types.enumerated().map {
            Entity.JoinKey(name: "key\($0.offset)", type: $0.element)
        }
        let fields = (0..<Int.random(in: 1...11, using: &random)).map { index in
            let type = Self.fieldTypes.randomElement(using: &random) ?? .bool
            return RowField(name: "f\(index)", type: type)
        }
        self.layout = RowLayout(schema: RowSchema(id: 3, fields: fields))
        let count = [0, 1, 2, 30, 300, 700].randomElement(using: &random) ?? 0
        // Long common starts, and ends that are zeros.
        let start = String(
            repeating: "k",
            count: [0, 1, 7, 8, 9, 140].randomElement(using: &random) ?? 0
        )
        let range = Int64([1, 20, 100_000].randomElement(using: &random) ?? 1)
        var keys: [[Value]] = []
        var cells: [[TestCell]] = []
        for _ in 0..<count {
            keys.append(types.map { Self.key($0, start, range, &random) })
            cells.append(fields.map { Self.cell($0.type, &random) })
        }
        self.keys = keys
        self.cells = cells
        self.eventTimes = (0..<count).map { _ in .random(in: -2...2, using: &random) }
        self.writeTimes =
            Bool.random(using: &random)
            ? nil : (0..<count).map { _ in [.min, 0, 1].randomElement(using: &random) ?? 0 }
    }

    private static func key(
        _ type: ValueType,
        _ start: String,
        _ range: Int64,
        _ random: inout SeededGenerator
    ) -> Value {
        let number = Int64.random(in: -range...range, using: &random)
        switch type {
        case .string:
            let end = String(repeating: "\0", count: .random(in: 0...2, using: &random))
            return .string(start + "\(number)" + end)
        case .bytes: return .bytes(Array("\(number)".utf8) + [0])
        case .unixTimestamp: return .timestamp(Timestamp(microseconds: number))
        default: return .integer(number)
        }
    }

    private static func cell(_ type: ValueType, _ random: inout SeededGenerator) -> TestCell {
        if Int.random(in: 0..<4, using: &random) == 0 { return .null }
        switch type {
        case .bool: return .integer(.random(in: 0...1, using: &random))
        case .int32: return .integer(Int64(Int32.random(in: .min ... .max, using: &random)))
        case .int64, .unixTimestamp: return .integer(.random(in: .min ... .max, using: &random))
        case .float32: return .float(Double(Float.random(in: -1...1, using: &random)))
        case .float64: return .float(.random(in: -1...1, using: &random))
        default:
            let count = Int.random(in: 0...9, using: &random)
            return .bytes((0..<count).map { _ in .random(in: 0...255, using: &random) })
        }
    }

    /// The rows column by column.
    var columns: LoadRows {
        LoadRows(
            keys: self.joinKeys.indices.map { column in
                Self.column(
                    self.keys.map { Self.cell(of: $0[column]) },
                    of: self.joinKeys[column].type
                )
            },
            fields: self.layout.schema.fields.indices.map { column in
                Self.column(
                    self.cells.map { $0[column] },
                    of: self.layout.schema.fields[column].type
                )
            },
            eventTimes: self.eventTimes,
            writeTimes: self.writeTimes
        )
    }

    private static func cell(of key: Value) -> TestCell {
        switch key {
        case .integer(let value): .integer(value)
        case .timestamp(let value): .integer(value.microseconds)
        case .string(let value): .bytes(Array(value.utf8))
        case .bytes(let value): .bytes(value)
        default: .null
        }
    }

    private static func column(_ cells: [TestCell], of type: ValueType) -> LoadColumn {
        var nulls = [UInt64](repeating: 0, count: (cells.count + 63) / 64)
        var integers: [Int64] = []
        var floats: [Double] = []
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for (row, cell) in cells.enumerated() {
            switch cell {
            // What stands in the place of a null must not matter.
            case .null:
                nulls[row / 64] |= 1 << UInt64(row % 64)
                integers.append(1)
                floats.append(2)
                bytes.append(3)
            case .integer(let value): integers.append(value)
            case .float(let value): floats.append(value)
            case .bytes(let value): bytes += value
            }
            ends.append(bytes.count)
        }
        switch type {
        case .float32, .float64: return LoadColumn(.floats(floats), nullWords: nulls)
        case .bool, .int32, .int64, .unixTimestamp:
            return LoadColumn(.integers(integers), nullWords: nulls)
        default: return LoadColumn(.bytes(bytes, ends: ends), nullWords: nulls)
        }
    }
}

/// Records as the definition of a load finds them: one row after the other.
private func naiveRecords(
    _ rows: RandomRows,
    _ indices: Range<Int>,
    viewID: UInt32
) throws -> [[UInt8]: (age: RowAge, row: [UInt8])] {
    let keyEncoder = try EntityKeyEncoder(joinKeys: rows.joinKeys, viewID: viewID)
    var encoder = RowEncoder(layout: rows.layout)
    var newest: [[UInt8]: (age: RowAge, row: [UInt8])] = [:]
    for index in indices {
        let age = RowAge(
            eventTime: rows.eventTimes[index],
            writeTime: rows.writeTimes?[index] ?? .min
        )
        var key: [UInt8] = []
        try keyEncoder.append(values: rows.keys[index], into: &key)
        try encoder.encode(rows.cells[index], eventTime: age.eventTime, writeTime: age.writeTime)
        if let other = newest[key], age < other.age { continue }
        newest[key] = (age, encoder.bytes)
    }
    return newest
}

@Suite("Parts of a load")
struct LoadPartTests {
    @Test("A part has the newest row of each key, as the row encoder makes it", arguments: 0..<60)
    func partsAgreeWithTheRowEncoder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rows = RandomRows(&random)
        let keys = try EntityKeyEncoder(joinKeys: rows.joinKeys, viewID: 0x0102_0304)
        let part = try LoadPartEncoder(keys: keys, layout: rows.layout).part(rows.columns)
        let expected = try naiveRecords(rows, 0..<rows.keys.count, viewID: 0x0102_0304)
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        #expect(part.references.count == expected.count)
        for (index, entry) in expected.enumerated() where index < part.references.count {
            let record = part.record(at: index)
            #expect(Array(record.key) == entry.key)
            #expect(Array(record.row) == entry.value.row)
            #expect(record.age == entry.value.age)
            #expect(part.lowerBound(of: entry.key) == index)
            #expect(part.age(of: entry.key) == entry.value.age)
            #expect(part.age(of: entry.key + [0]) == nil)
            #expect(part.lowerBound(of: entry.key + [0]) == index + 1)
        }
    }

    @Test("Ranges of parts and of runs have every key once, with its newest row", arguments: 0..<40)
    func rangesAgreeWithTheDefinition(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let rows = RandomRows(&random)
            let keys = try EntityKeyEncoder(joinKeys: rows.joinKeys, viewID: 7)
            let encoder = LoadPartEncoder(keys: keys, layout: rows.layout)
            let naive = try naiveRecords(rows, 0..<rows.keys.count, viewID: 7)
            let expected = naive.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            // The same rows, a few at a time.
            var parts: [LoadPart] = []
            var runs: [Run] = []
            var start = 0
            while start < rows.keys.count {
                let end = min(start + .random(in: 1...90, using: &random), rows.keys.count)
                parts.append(try encoder.part(rows.columns.rows(start..<end)))
                start = end
                guard Int.random(in: 0..<3, using: &random) == 0 || end == rows.keys.count else {
                    continue
                }
                let merge = LoadMerge(parts: parts, runs: [], memory: 1000)
                let path = directory.appendingPathComponent("\(end).run").path
                if case .run(let run) = try merge.spilled(to: path, waitingLength: 0) {
                    runs.append(run)
                }
                if end < rows.keys.count {
                    let kept = try merge.spilled(to: path + ".none", waitingLength: 1 << 30)
                    guard case .part = kept else {
                        Issue.record("what fits into memory became a file")
                        continue
                    }
                }
                parts = []
            }
            let all = try wholeParts(rows, encoder, &random)
            let inMemory = LoadMerge(parts: all, runs: [], memory: 1 << 20)
            let inFiles = LoadMerge(parts: [], runs: runs, memory: 1000)
            for merge in [inMemory, inFiles] {
                let count = Int.random(in: 1...9, using: &random)
                let ranges = LoadRange.ranges(parts: merge.parts, runs: merge.runs, count: count)
                #expect(ranges.count <= count)
                var found: [(key: [UInt8], row: [UInt8])] = []
                for range in ranges {
                    try merge.forEachNewest(in: range, memory: 1000) { record, _ in
                        found.append((Array(record.key), Array(record.row)))
                    }
                }
                #expect(found.map(\.key) == expected.map(\.key))
                #expect(found.map(\.row) == expected.map(\.value.row))
                for entry in expected {
                    #expect(try merge.age(of: entry.key) == entry.value.age)
                    #expect(try merge.age(of: entry.key + [1]) == nil)
                }
            }
        }
    }

    /// All rows in parts of random sizes, one of which was already merged from several.
    private func wholeParts(
        _ rows: RandomRows,
        _ encoder: LoadPartEncoder,
        _ random: inout SeededGenerator
    ) throws -> [LoadPart] {
        var parts: [LoadPart] = []
        var start = 0
        while start < rows.keys.count {
            let end = min(start + .random(in: 1...90, using: &random), rows.keys.count)
            parts.append(try encoder.part(rows.columns.rows(start..<end)))
            start = end
        }
        let count = parts.count / 2
        let merge = LoadMerge(parts: Array(parts.prefix(count)), runs: [], memory: 1)
        guard count > 0,
            case .part(let first) = try merge.spilled(to: "/nowhere", waitingLength: 1 << 30)
        else { return parts }
        return [first] + parts.dropFirst(count)
    }

    @Test("Values that do not fit their fields are errors")
    func valuesThatDoNotFitAreErrors() throws {
        func message(_ type: ValueType, _ values: LoadColumn.Values) -> String? {
            let layout = RowLayout(
                schema: RowSchema(id: 1, fields: [RowField(name: "f", type: type)])
            )
            do {
                let keys = try EntityKeyEncoder(joinKeys: [], viewID: 1)
                _ = try LoadPartEncoder(keys: keys, layout: layout).part(
                    LoadRows(
                        keys: [],
                        fields: [LoadColumn(values, nullWords: nil)],
                        eventTimes: [0, 0],
                        writeTimes: nil
                    )
                )
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(message(.bool, .integers([1, 2]))?.contains("is no bool") == true)
        #expect(message(.bool, .integers([-1, 0]))?.contains("is no bool") == true)
        #expect(message(.int32, .integers([0, 1 << 31]))?.contains("is too large") == true)
        #expect(message(.float64, .integers([0, 1]))?.contains("is an integer") == true)
        #expect(message(.int64, .floats([0, 1]))?.contains("is a float") == true)
        #expect(message(.int64, .bytes([], ends: [0, 0]))?.contains("is bytes") == true)
        #expect(message(.bool, .integers([1, 0])) == nil)
    }
}

extension LoadRows {
    /// Some of the rows.
    fileprivate func rows(_ range: Range<Int>) -> LoadRows {
        LoadRows(
            keys: self.keys.map { $0.rows(range) },
            fields: self.fields.map { $0.rows(range) },
            eventTimes: Array(self.eventTimes[range]),
            writeTimes: self.writeTimes.map { Array($0[range]) }
        )
    }
}

extension LoadColumn {
    fileprivate func rows(_ range: Range<Int>) -> LoadColumn {
        var words = [UInt64](repeating: 0, count: (range.count + 63) / 64)
        if let flags = self.nullFlags {
            for (index, row) in range.enumerated() where flags[row] == 1 {
                words[index / 64] |= 1 << UInt64(index % 64)
            }
        }
        switch self.values {
        case .integers(let values):
            return LoadColumn(.integers(Array(values[range])), nullWords: words)
        case .floats(let values):
            return LoadColumn(.floats(Array(values[range])), nullWords: words)
        case .bytes(let bytes, let ends):
            let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1]
            let end = ends[range.upperBound - 1]
            return LoadColumn(
                .bytes(Array(bytes[start..<end]), ends: ends[range].map { $0 - start }),
                nullWords: words
            )
        }
    }
}
