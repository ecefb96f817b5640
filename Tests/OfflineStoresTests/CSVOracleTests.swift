import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport
import Testing

/// Cells that are read in one way each: short and long, usual and not, good and bad.
private let pools: [[String]] = [
    [
        "1", "22", "-3", "+4", "007", "3.0", "12345678", "123456789", "-12345678",
        "1234567890123456", "12345678901234567", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "x", "1x", "-", "", "NA", "\"5\"", "\"6\"\"\"", "1/", "1:", "\u{B2}",
    ],
    [
        "2026-01-10 12:00:00", "2026-01-10T12:00:00Z", "2026-01-10t12:00:00.5",
        "2026-01-10 12:00:00.123456Z", "2026-01-10 12:00:00.1234567", "2026-01-10",
        "2026-01-10 24:00:00", "2026-02-29 00:00:00", "2026-01-10 12:00:0", "1768046400", "-1.5",
        "2026-01-10 12:00:00+01:00", "2026-01-10X12:00:00", "2026-01-10 12:00:00.", "", "NA",
        "\"2026-01-10 12:00:00\"", "9999-12-31 23:59:59", "0000-01-01 00:00:00", "soon",
    ],
    [
        "0.612031", "-0.5", ".5", "5.", "1e5", "NaN", "-inf", "0.31308514749745975", "-0",
        "123456789012345678", "9007199254740993", "0.1234567890123456789", "1.7976931348623157e308",
        "1e999", "1_0", "1..2", "--1", "", "NA", "\"0.25\"", "12.", "1.23456789",
        "0.00000000000000001",
    ],
    [
        "a", "city_42", "\u{E9}t\u{E9}", "\"q,\"\"x\"\"\"", "\"l\nm\"", "\"l\r\nm\"", "\"\"", "",
        "NA",
        "\"NA\"", "5\" pipe", "a\rb", "a text of more than sixteen bytes",
    ],
]

private let types: [ValueType] = [.int64, .unixTimestamp, .float64, .string]
private let names = ["id", "t", "y", "s"]

/// Lines of cells, of which about one in `oddity` is no good row; never with 0.
private func randomText(_ random: inout SeededGenerator, rows: Int, oddity: Int) -> String {
    var text = names.joined(separator: ",") + "\n"
    for _ in 0..<rows {
        let isOdd = oddity > 0 && Int.random(in: 0..<oddity, using: &random) == 0
        var cells = pools.map { pool in
            // The first few of each are good ones.
            pool[Int.random(in: 0..<(isOdd ? pool.count : 3), using: &random)]
        }
        if isOdd {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: cells.removeLast()
            case 1: cells.append("1")
            case 2: cells[Int.random(in: 0..<4, using: &random)] = "\"a\"b"
            case 3: text += Bool.random(using: &random) ? "\n" : "\r\n\n"
            default: break
            }
        }
        text += cells.joined(separator: ",")
        text += Int.random(in: 0..<3, using: &random) == 0 ? "\r\n" : "\n"
    }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return text + "1,2026-01-10,0.5,\"never closed\n1,2"
    case 1: return text + "1,2026-01-10,0.5,no line end"
    case 2: return text + "1,2026-01-10,0.5,only a return\r"
    default: return text
    }
}

/// A record, by the letter of RFC 4180.
private struct Record {
    var line: Int
    var fields: [(text: [UInt8], isQuoted: Bool)] = []
    var hasTextAfterQuote = false
    var isUnterminated = false
}

/// Records byte by byte, without the header's.
private func records(_ text: [UInt8]) -> [Record] {
    var result: [Record] = []
    var index = 0
    var line = 1
    func isLineEnd() -> Bool {
        index >= text.count || text[index] == 0x0A
            || (text[index] == 0x0D && (index + 1 == text.count || text[index + 1] == 0x0A))
    }
    func passLineEnd() {
        if index < text.count, text[index] == 0x0D { index += 1 }
        index += 1
        line += 1
    }
    while index < text.count {
        if isLineEnd() {
            passLineEnd()
            continue
        }
        var record = Record(line: line)
        fields: while true {
            var field: [UInt8] = []
            var isQuoted = false
            if index < text.count, text[index] == 0x22 {
                isQuoted = true
                index += 1
                while true {
                    guard index < text.count else {
                        record.isUnterminated = true
                        return result.dropFirst() + [record]
                    }
                    if text[index] == 0x22 {
                        index += 1
                        if index < text.count, text[index] == 0x22 {
                            field.append(0x22)
                            index += 1
                            continue
                        }
                        break
                    }
                    if text[index] == 0x0A { line += 1 }
                    field.append(text[index])
                    index += 1
                }
                if !isLineEnd(), text[index] != 0x2C { record.hasTextAfterQuote = true }
            }
            while !isLineEnd(), text[index] != 0x2C {
                if !isQuoted { field.append(text[index]) }
                index += 1
            }
            record.fields.append((field, isQuoted))
            guard index < text.count, text[index] == 0x2C else { break fields }
            index += 1
        }
        passLineEnd()
        result.append(record)
    }
    return Array(result.dropFirst())
}

/// What a scan makes of a text: rows, counts, and the lines and columns of the first bad cells.
private struct Outcome: Equatable, CustomStringConvertible {
    var rows: [[String]] = []
    var counts = [0, 0, 0, 0, 0]
    var samples: [String] = []
    var isError = false

    var description: String { "\(rows) \(counts) \(samples) \(isError)" }
}

/// Every cell by itself.
private func expected(_ text: String, latest: Timestamp? = nil) -> Outcome {
    var outcome = Outcome()
    for record in records(Array(text.utf8)) {
        if record.isUnterminated {
            outcome.isError = true
            break
        }
        outcome.counts[0] += 1
        func bad(_ column: String?) {
            outcome.counts[2] += 1
            if outcome.samples.count < ScanReport.maximumSamples {
                outcome.samples.append("s.csv:\(record.line) \(column ?? "row")")
            }
        }
        guard !record.hasTextAfterQuote, record.fields.count == names.count else {
            bad(nil)
            continue
        }
        var row: [String] = []
        for (position, type) in types.enumerated() {
            let (cell, isQuoted) = record.fields[position]
            if !isQuoted, cell.isEmpty || cell == Array("NA".utf8) {
                if position < 2 {
                    outcome.counts[3 + position] += 1
                    break
                }
                row.append("null")
                continue
            }
            var builder = ColumnBuilder(type: type)
            var parser = CellParser()
            guard parser.append(cell.span, to: &builder) else {
                bad(names[position])
                break
            }
            let value = builder.finish()[0]
            if position == 1, case .timestamp(let time) = value, let latest, time > latest { break }
            row.append("\(value)")
        }
        guard row.count == names.count else { continue }
        outcome.counts[1] += 1
        outcome.rows.append(row)
    }
    return outcome
}

private func scanned(
    _ directory: URL,
    _ window: CSVWindowSize,
    latest: Timestamp? = nil
) -> Outcome {
    let source = DataSource(
        name: "s",
        kind: .csv(DataSource.CSVOptions(path: "s.csv", nullValues: ["", "NA"])),
        timestampField: "t"
    )
    let scan = SourceScan(
        source: source,
        joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
        features: [Field(name: "y", type: .float64), Field(name: "s", type: .string)],
        latest: latest
    )
    var outcome = Outcome()
    var report = ScanReport()
    do {
        let reader = SourceReader(root: directory.path, windowSize: window)
        try reader.scan(scan, report: &report) { batch in
            for row in 0..<batch.rowCount {
                let time = Value.timestamp(Timestamp(microseconds: batch.times[row]))
                let values = [batch.keyColumns[0][row], time] + batch.features.map { $0[row] }
                outcome.rows.append(values.map { "\($0)" })
            }
        }
    } catch {
        outcome.isError = true
    }
    outcome.counts = [
        report.rowsRead, report.rowsKept, report.bad, report.nullKey, report.nullTime,
    ]
    outcome.samples = report.samples.map { sample in
        let place = sample.place.split(separator: "/").last ?? ""
        return "\(place) \(sample.column ?? "row")"
    }
    return outcome
}

@Suite struct CSVOracleTests {
    @Test("Rows, counts and bad cells are those of a reader that goes byte by byte")
    func smallTexts() throws {
        try withTemporaryDirectory { directory in
            for seed in UInt64(0)..<250 {
                var random = SeededGenerator(seed: seed)
                let rows = Int.random(in: 0...40, using: &random)
                let text = randomText(&random, rows: rows, oddity: [0, 2, 10][Int(seed % 3)])
                try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
                // Of the usual times one is later.
                let latest = seed % 2 == 0 ? nil : Timestamp("2026-01-10T12:00:00Z")
                let expected = expected(text, latest: latest)
                for window in [CSVWindowSize(), CSVWindowSize(initial: 200)] {
                    let scanned = scanned(directory, window, latest: latest)
                    #expect(scanned == expected, "seed \(seed)")
                }
            }
        }
    }

    @Test("A long text is read alike, with odd rows here and there", arguments: [0, 3, 300])
    func longText(oddity: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(oddity))
            let text = randomText(&random, rows: 5000, oddity: oddity)
            try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
            let expected = expected(text)
            #expect(scanned(directory, CSVWindowSize()) == expected)
            #expect(scanned(directory, CSVWindowSize(initial: 50_000)) == expected)
        }
    }

    @Test("An entity file has the fields and lines of a reader that goes byte by byte")
    func entityFiles() throws {
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            let rows = seed % 40 == 0 ? 4000 : Int.random(in: 0...40, using: &random)
            let text = randomText(&random, rows: rows, oddity: seed % 2 == 0 ? 0 : 30)
            let expected = records(Array(text.utf8))
            let broken = expected.first {
                $0.isUnterminated || $0.hasTextAfterQuote || $0.fields.count != names.count
            }
            guard broken == nil else {
                #expect(throws: OfflineStoreError.self) {
                    try EntityTable(bytes: Array(text.utf8), file: "e")
                }
                continue
            }
            let read = try EntityTable(bytes: Array(text.utf8), file: "e")
            #expect(read.lines.map { Int($0) } == expected.map(\.line), "seed \(seed)")
            for (position, column) in read.table.columns.enumerated() {
                let values = expected.map { record -> Value in
                    let (text, isQuoted) = record.fields[position]
                    if text.isEmpty, !isQuoted { return .null }
                    return .string(String(decoding: text, as: UTF8.self))
                }
                #expect(column.column.values == values, "seed \(seed)")
            }
        }
    }
}
