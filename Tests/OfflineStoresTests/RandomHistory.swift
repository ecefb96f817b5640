import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport

/// One row of a source, as plain values: the test's own idea of it.
struct PlainRow {
    var number: Int64?
    var name: String?
    var time: Int64?
    var created: Int64?
    var temp: Double?
    var label: String?
}

/// Writes a text as CSV, quoted at random where it need not be.
func csvField(_ text: String?, quoted: Bool = false) -> String {
    guard let text else { return "" }
    let mustQuote = quoted || text.isEmpty || text.contains { ",\"\n\r".contains($0) }
    guard mustQuote else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}

func instant(_ microseconds: Int64?) -> String? {
    microseconds.map { Timestamp(microseconds: $0).description }
}

/// A source of few keys and times, so that ties are common.
struct RandomHistory {
    static let start: Int64 = 1_700_000_000_000_000
    static let names = ["a", "b,c", "d\"e", "é\nf", ""]
    static let labels = ["", "x", "y,\"z\"", "null", "NA"]

    var rows: [PlainRow]

    init(count: Int, using random: inout SeededGenerator) {
        self.rows = (0..<count).map { _ in
            PlainRow(
                number: Self.maybe(Int64.random(in: 1...3, using: &random), &random),
                name: Self.maybe(Self.names.randomElement(using: &random) ?? "", &random),
                time: Self.maybe(Self.time(&random), &random),
                created: Self.maybe(Self.time(&random), &random),
                temp: Self.maybe(Double(Int.random(in: -50...50, using: &random)) / 4, &random),
                label: Self.maybe(Self.labels.randomElement(using: &random) ?? "", &random)
            )
        }
        if Bool.random(using: &random) {
            self.rows.sort { ($0.time ?? 0) < ($1.time ?? 0) }
        }
    }

    static func time(_ random: inout SeededGenerator) -> Int64 {
        self.start + Int64.random(in: 0...20, using: &random)
    }

    static func maybe<Wrapped>(_ value: Wrapped, _ random: inout SeededGenerator) -> Wrapped? {
        Int.random(in: 0..<8, using: &random) == 0 ? nil : value
    }

    /// Writes the rows into one or several CSV files, whose names sort in source order.
    func writeCSV(in directory: URL, name: String, using random: inout SeededGenerator) throws {
        let fileCount = Int.random(in: 1...3, using: &random)
        for file in 0..<fileCount {
            // The columns of each file have an order of their own.
            let order = Array(0..<6).shuffled(using: &random)
            let header = ["number", "name", "time", "created", "temp", "label"]
            let newline = Bool.random(using: &random) ? "\n" : "\r\n"
            var text = Bool.random(using: &random) ? "\u{FEFF}" : ""
            text += order.map { header[$0] }.joined(separator: ",") + newline
            let range = (rows.count * file / fileCount)..<(rows.count * (file + 1) / fileCount)
            for row in rows[range] {
                let cells = [
                    row.number.map(String.init), row.name, instant(row.time),
                    instant(row.created), row.temp.map { "\($0)" }, row.label,
                ]
                let quoted = Bool.random(using: &random)
                text += order.map { csvField(cells[$0], quoted: quoted) }.joined(separator: ",")
                text += newline
            }
            let url = directory.appendingPathComponent("\(name)-\(file).csv")
            try text.write(to: url, atomically: false, encoding: .utf8)
        }
    }

    /// Writes the rows into a table, times as text or as numbers.
    func writeTable(path: String, name: String, using random: inout SeededGenerator) throws {
        let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
        try database.execute("CREATE TABLE \(name) (number, name, time, created, temp, label)")
        let insert = try database.prepare("INSERT INTO \(name) VALUES (?, ?, ?, ?, ?, ?)")
        for row in rows {
            if let number = row.number {
                try insert.bind(number, at: 1)
            } else {
                try insert.bindNull(at: 1)
            }
            let texts = [row.name, instant(row.time), instant(row.created)]
            for (index, text) in texts.enumerated() {
                if let text {
                    try insert.bind(text, at: index + 2)
                } else {
                    try insert.bindNull(at: index + 2)
                }
            }
            if let temp = row.temp {
                try insert.bind(temp, at: 5)
            } else {
                try insert.bindNull(at: 5)
            }
            if let label = row.label {
                try insert.bind(label, at: 6)
            } else {
                try insert.bindNull(at: 6)
            }
            try insert.run()
        }
    }
}
