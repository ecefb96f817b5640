import FeatureModel
import Foundation
import NativeStorage
import TestSupport

/// One row of a random source, as plain values.
struct SourceLine {
    /// By join key; `nil` is null.
    var keys: [PlainCell?]
    var time: Int64?
    var created: Int64?
    var features: [PlainCell?]
    /// Whether a cell cannot be read: then the row does not count.
    var isBad = false
}

/// A random view with its source, and the test's own idea of what it holds.
struct RandomView {
    let view: FeatureView
    private(set) var source: DataSource
    let joinKeys: [Entity.JoinKey]
    private let table: String
    var lines: [SourceLine] = []

    /// Times in seconds; none lies in the gap, so that the clock may move in it without a load.
    static let times = Array(Int64(0)...10) + Array(18...22)
    static let gap = Int64(10)...17

    init(number: Int, entities: [Entity], using random: inout SeededGenerator) {
        let name = "view_\(number)"
        let chosen = entities.shuffled(using: &random)
            .prefix(Int.random(in: 0...2, using: &random))
        let isSQLite = Bool.random(using: &random)
        let isStatic = Int.random(in: 0..<5, using: &random) == 0
        let hasCreated = Bool.random(using: &random)
        let mapsNames = Int.random(in: 0..<4, using: &random) == 0
        let relation: DataSource.SQLiteOptions.Relation =
            Bool.random(using: &random)
            ? .table("table_\(number)") : .query("SELECT * FROM table_\(number) ORDER BY rowid")
        self.table = "table_\(number)"
        self.joinKeys = chosen.flatMap(\.joinKeys)
        self.source = DataSource(
            name: "source_\(number)",
            kind: isSQLite
                ? .sqlite(.init(path: "warehouse.db", relation: relation))
                : .csv(.init(path: "\(name).csv", delimiter: ";", nullValues: ["", "NULL"])),
            timestampField: isStatic ? nil : "event_time",
            createdTimestampColumn: hasCreated ? "created" : nil,
            fieldMapping: mapsNames ? ["raw": "feature_0"] : [:],
            timezone: Bool.random(using: &random) ? "Etc/GMT-2" : nil
        )
        self.view = FeatureView(
            name: name,
            entities: chosen.map(\.name),
            ttlMicroseconds: Bool.random(using: &random)
                ? 0 : Int64.random(in: 1...8, using: &random) * 1_000_000,
            schema: (0..<Int.random(in: 1...4, using: &random)).map { index in
                Field(
                    name: "feature_\(index)",
                    type: CellPool.featureTypes.randomElement(using: &random) ?? .int64
                )
            },
            source: self.source.name,
            filterByCreatedTimestamp: hasCreated && Int.random(in: 0..<3, using: &random) == 0
        )
    }

    /// Puts new rows anywhere among those that are there.
    mutating func addLines(_ count: Int, mayBeBad: Bool, using random: inout SeededGenerator) {
        for _ in 0..<count {
            let line = self.line(mayBeBad: mayBeBad, using: &random)
            let place = Int.random(in: 0...self.lines.count, using: &random)
            self.lines.insert(line, at: place)
            if Int.random(in: 0..<6, using: &random) == 0 {
                self.lines.append(line)
            }
        }
    }

    private func line(mayBeBad: Bool, using random: inout SeededGenerator) -> SourceLine {
        func maybe<Wrapped>(_ value: Wrapped?) -> Wrapped? {
            Int.random(in: 0..<8, using: &random) == 0 ? nil : value
        }
        var line = SourceLine(
            keys: self.joinKeys.map { maybe(CellPool.keys($0.type).randomElement(using: &random)) },
            time: maybe(Self.times.randomElement(using: &random)),
            created: maybe(Self.times.randomElement(using: &random)),
            features: self.view.schema.map {
                maybe(CellPool.features($0.type).randomElement(using: &random))
            }
        )
        if mayBeBad, self.canBeBad, Int.random(in: 0..<8, using: &random) == 0 {
            line.features[0] = PlainCell(text: "oops", value: .null)
            line.isBad = true
        }
        return line
    }

    private var canBeBad: Bool {
        switch self.view.schema[0].type {
        case .string, .bytes: false
        default: true
        }
    }

    /// Writes the source anew.
    func write(in directory: URL, using random: inout SeededGenerator) throws {
        var columns: [(name: String, cells: [String?])] = []
        for (index, key) in self.joinKeys.enumerated() {
            columns.append((key.name, self.lines.map { $0.keys[index]?.text }))
        }
        if !self.source.isStatic {
            columns.append(("event_time", self.lines.map { self.timeText($0.time, &random) }))
        }
        if self.source.createdTimestampColumn != nil {
            columns.append(("created", self.lines.map { self.timeText($0.created, &random) }))
        }
        for (index, feature) in self.view.schema.enumerated() {
            let name = self.source.sourceColumn(for: feature.name)
            columns.append((name, self.lines.map { $0.features[index]?.text }))
        }
        columns.shuffle(using: &random)
        switch self.source.kind {
        case .csv(let options):
            let header = columns.map(\.name).joined(separator: ";") + ";rest"
            let rows = self.lines.indices.map { row in
                // A line of one blank field would be no line at all.
                (columns.map { Self.field($0.cells[row], &random) } + ["x"])
                    .joined(separator: ";")
            }
            try self.write(header, rows, to: options.path, in: directory, using: &random)
        case .sqlite:
            try self.writeTable(columns, in: directory)
        case .push, .request:
            break
        }
    }

    /// Where a view's rows may lie, in the same order everywhere.
    enum Layout: CaseIterable {
        case file, gzip, parts, table, query
    }

    /// The same view with its rows elsewhere.
    func stored(as layout: Layout) -> RandomView {
        func csv(_ path: String) -> DataSource.Kind {
            .csv(.init(path: path, delimiter: ";", nullValues: ["", "NULL"]))
        }
        func sqlite(_ relation: DataSource.SQLiteOptions.Relation) -> DataSource.Kind {
            .sqlite(.init(path: "warehouse.db", relation: relation))
        }
        var copy = self
        copy.source.kind =
            switch layout {
            case .file: csv("\(self.view.name).csv")
            case .gzip: csv("\(self.view.name).csv.gz")
            case .parts: csv("\(self.view.name)-*.csv*")
            case .table: sqlite(.table(self.table))
            case .query: sqlite(.query("SELECT * FROM \(self.table) ORDER BY rowid"))
            }
        return copy
    }

    /// Writes lines into one file, or into several when the path is a pattern.
    private func write(
        _ header: String,
        _ rows: [String],
        to path: String,
        in directory: URL,
        using random: inout SeededGenerator
    ) throws {
        guard path.contains("*") else {
            return try Self.write([header] + rows, to: directory.appendingPathComponent(path))
        }
        var rest = rows[...]
        for part in 0..<5 {
            let count = part == 4 ? rest.count : Int.random(in: 0...rest.count, using: &random)
            let ending = Bool.random(using: &random) ? "csv" : "csv.gz"
            let file = directory.appendingPathComponent("\(self.view.name)-\(part).\(ending)")
            try Self.write([header] + rest.prefix(count), to: file)
            rest = rest.dropFirst(count)
        }
    }

    private static func write(_ lines: [String], to file: URL) throws {
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        let isPacked = file.pathExtension == "gz"
        try Data(isPacked ? gzipFile(members: [bytes]) : bytes).write(to: file)
    }

    private func writeTable(
        _ columns: [(name: String, cells: [String?])],
        in directory: URL
    ) throws {
        guard case .sqlite(let options) = self.source.kind else { return }
        let path = directory.appendingPathComponent(options.path ?? "").path
        let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
        let names = (columns.map(\.name) + ["rest"]).joined(separator: ", ")
        try database.execute(
            "DROP TABLE IF EXISTS \(self.table); CREATE TABLE \(self.table) (\(names))"
        )
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let prefix = columns.map(\.name).joined(separator: ", ")
        let insert = try database.prepare(
            columns.isEmpty
                ? "INSERT INTO \(self.table) (rest) VALUES (1)"
                : "INSERT INTO \(self.table) (\(prefix)) VALUES (\(marks))"
        )
        for row in self.lines.indices {
            for (index, column) in columns.enumerated() {
                guard let text = column.cells[row] else {
                    try insert.bindNull(at: index + 1)
                    continue
                }
                if let integer = Int64(text), row % 2 == 0, self.isInteger(column.name) {
                    try insert.bind(integer, at: index + 1)
                } else {
                    try insert.bind(text, at: index + 1)
                }
            }
            try insert.run()
        }
    }

    private func isInteger(_ column: String) -> Bool {
        let type =
            self.joinKeys.first { $0.name == column }?.type
            ?? self.view.schema.first { self.source.sourceColumn(for: $0.name) == column }?.type
        return type == .int32 || type == .int64
    }

    private func timeText(_ seconds: Int64?, _ random: inout SeededGenerator) -> String? {
        guard let seconds else { return nil }
        let time = second(seconds)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return time.description
        case 1:
            // The zone's sign is the wrong way round, as POSIX has it: it is two hours ahead.
            let ahead: Int64 = self.source.timezone == nil ? 0 : 7_200_000_000
            return Timestamp(microseconds: time.microseconds + ahead).description
                .replacingOccurrences(of: "T", with: " ")
                .replacingOccurrences(of: "Z", with: "")
        default: return String(time.microseconds / 1_000_000)
        }
    }

    private static func field(_ text: String?, _ random: inout SeededGenerator) -> String {
        guard let text else { return Bool.random(using: &random) ? "" : "NULL" }
        let mustQuote = text.isEmpty || text.contains { ";\"\n".contains($0) }
        guard mustQuote || Bool.random(using: &random) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
