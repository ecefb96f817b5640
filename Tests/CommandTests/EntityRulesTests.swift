import Foundation
import NativeStorage
import TestSupport
import Testing

/// Keys of every type and every kind of view, through every way in and out, with the built program.
struct EntityRulesTests {
    @Test(arguments: keyTable)
    func `Keys of every type find their rows on every path`(_ keys: KeyCases) throws {
        try withTemporaryDirectory { directory in
            let project = try KeyProject(at: directory, keys)
            try project.fleet.prepare("apply", "materialize")
            try project.checkTrainingSets()
            try project.checkOnlineFeatures()
        }
    }
}

/// The keys of one entity: several columns make a composite key.
struct KeyCases: Sendable, CustomTestStringConvertible {
    /// One key cell: a CSV field, an SQL literal, and a value of a JSON request.
    struct Cell: Sendable {
        let csv: String
        let sql: String
        let json: String

        /// A cell that is spelt alike in CSV and JSON.
        static func number(_ text: String) -> Cell { Cell(csv: text, sql: text, json: text) }

        /// A text without quotes in it.
        static func text(_ text: String) -> Cell {
            Cell(csv: TypeCase.field(text), sql: "'\(text)'", json: "\"\(text)\"")
        }

        static func bytes(_ base64: String, _ hexadecimal: String) -> Cell {
            Cell(csv: TypeCase.field(base64), sql: "X'\(hexadecimal)'", json: "\"\(base64)\"")
        }
    }

    /// The types of the key columns, which are called `k0`, `k1`, ….
    let types: [String]
    /// The keys that the source has, by row.
    let rows: [[Cell]]
    /// A key that it has not.
    let unknown: [Cell]
    /// Whether the source has times.
    var hasTimes = true

    var testDescription: String {
        (self.types.isEmpty ? "no keys" : self.types.joined(separator: ", "))
            + (self.hasTimes ? "" : ", static")
    }
}

let keyTable: [KeyCases] = [
    KeyCases(
        types: ["int32"],
        rows: [[.number("0")], [.number("-5")], [.number("2147483647")]],
        unknown: [.number("7")]
    ),
    KeyCases(
        types: ["int64"],
        rows: [
            [.number("0")], [.number("9007199254740993")], [.number("9007199254740992")],
            [.number("-9223372036854775808")],
        ],
        unknown: [.number("9007199254740994")]
    ),
    KeyCases(
        types: ["string"],
        rows: [
            [.text("a")], [.text("A")], [.text(" a")], [.text("")], [.text("null")],
            [.text("a,b")], [.text("\u{e9}")], [.text("e\u{301}")], [.text("1")],
        ],
        unknown: [.text("b")]
    ),
    KeyCases(
        types: ["bytes"],
        rows: [[.bytes("AP8=", "00ff")], [.bytes("AA==", "00")], [.bytes("", "")]],
        unknown: [.bytes("AAA=", "0000")]
    ),
    KeyCases(
        types: ["unix_timestamp"],
        rows: [
            [Cell(csv: "1970-01-01", sql: "0", json: "0")],
            [Cell(csv: "1704067200.5", sql: "1704067200.5", json: "1704067200.5")],
            [.text("1969-12-31T23:59:59.999999Z")],
        ],
        unknown: [.text("1970-01-01T00:00:00.000001Z")]
    ),
    KeyCases(
        types: ["string", "int32", "unix_timestamp"],
        rows: [
            [.text("a"), .number("1"), .text("2024-01-01T00:00:00Z")],
            [.text("a"), .number("1"), .text("2024-01-02T00:00:00Z")],
            [.text("a"), .number("2"), .text("2024-01-01T00:00:00Z")],
            [.text("a1"), .number("1"), .text("2024-01-01T00:00:00Z")],
        ],
        unknown: [.text("a1"), .number("2"), .text("2024-01-02T00:00:00Z")]
    ),
    KeyCases(
        types: ["string"],
        rows: [[.text("a")], [.text("b")]],
        unknown: [.text("c")],
        hasTimes: false
    ),
    KeyCases(types: [], rows: [[]], unknown: []),
    KeyCases(types: [], rows: [[]], unknown: [], hasTimes: false),
]

private typealias Cell = KeyCases.Cell

/// A repository with one entity, a view over CSV and one over SQLite.
///
/// The value of row `n` is `n`. Every column of the sources has another name than the definitions
/// use.
private struct KeyProject {
    let fleet: FleetRepository
    let keys: KeyCases
    let views = ["from_csv", "from_sqlite"]

    /// What is asked for: the keys of the source, each with its row, and one that it has not.
    var wanted: [(cells: [Cell], row: Int?)] {
        let known = self.keys.rows.enumerated().map { ($1, Optional($0)) }
        return self.keys.types.isEmpty ? known : known + [(self.keys.unknown, nil)]
    }

    init(at directory: URL, _ keys: KeyCases) throws {
        self.fleet = try FleetRepository(at: directory)
        self.keys = keys
        try self.writeSources()
        let names = keys.types.indices.map { "k\($0)" }
        let types = zip(names, keys.types).map { "\($0): \($1)" }.joined(separator: ", ")
        let mapping = (names.map { "s_\($0): \($0)" } + ["s_v: v", "s_at: at"])
            .joined(separator: ", ")
        let time = keys.hasTimes ? "timestamp_field: at, " : ""
        let entities = names.isEmpty ? "[]" : "[thing]"
        let entity = """
            entities:
              - name: thing
                join_keys: [\(names.joined(separator: ", "))]
                value_type: { \(types) }

            """
        try self.fleet.write(
            "driver.yaml",
            """
            \(names.isEmpty ? "" : entity)data_sources:
              - { name: c, type: csv, path: data/c.csv, \(time)field_mapping: { \(mapping) } }
              - { name: s, type: sqlite, table: s, \(time)field_mapping: { \(mapping) } }
            feature_views:
              - { name: from_csv, entities: \(entities), schema: [{ name: v, dtype: int64 }], source: c }
              - { name: from_sqlite, entities: \(entities), schema: [{ name: v, dtype: int64 }], source: s }

            """
        )
        let lines = self.wanted.map { cells, _ in
            (cells.map(\.csv) + ["2024-06-01T00:00:00Z"]).joined(separator: ",") + "\n"
        }
        let header = (names + ["event_timestamp"]).joined(separator: ",")
        try self.fleet.write("data/entities.csv", header + "\n" + lines.joined())
    }

    private func writeSources() throws {
        let names = self.keys.types.indices.map { "s_k\($0)" } + ["s_at", "s_v"]
        var text = names.joined(separator: ",") + "\n"
        let database = try SQLiteDatabase(
            path: self.fleet.directory + "/data/offline.db",
            mode: .readWriteCreate
        )
        try database.execute("CREATE TABLE s (\(names.joined(separator: ", ")))")
        for (row, cells) in self.keys.rows.enumerated() {
            let fields = cells.map(\.csv) + ["2024-01-01T00:00:00Z", "\(row)"]
            text += fields.joined(separator: ",") + "\n"
            let literals = cells.map(\.sql) + ["'2024-01-01'", "\(row)"]
            try database.execute("INSERT INTO s VALUES (\(literals.joined(separator: ", ")))")
        }
        try self.fleet.write("data/c.csv", text)
    }

    func checkTrainingSets() throws {
        let command = "get-historical-features -d data/entities.csv --full-feature-names "
        for name in ["t.csv", "t.jsonl", "t.db"] {
            try self.fleet.prepare(command + "-f from_csv:v,from_sqlite:v -o \(name)")
        }
        let records = RawText.records(ofCSV: try self.fleet.text("t.csv"))
        let lines = try self.fleet.text("t.jsonl").split(separator: "\n").map {
            RawText.members(ofJSON: String($0))
        }
        let header = self.keys.types.indices.map { "k\($0)" } + ["event_timestamp"]
        #expect(records.first == header + ["from_csv__v", "from_sqlite__v"])
        try #require(records.count == self.wanted.count + 1)
        try #require(lines.count == self.wanted.count)
        let database = try SQLiteDatabase(path: self.fleet.directory + "/t.db", mode: .readOnly)
        for (position, view) in self.views.enumerated() {
            let statement = try database.prepare("SELECT \(view)__v FROM training_set")
            for (index, wanted) in self.wanted.enumerated() {
                let row = wanted.row.map(String.init)
                let key = wanted.cells.map(\.csv)
                // The entity file's own columns come out letter for letter.
                #expect(Array(records[index + 1].dropLast(3)) == key)
                #expect(records[index + 1][header.count + position] == row ?? "", "\(view) \(key)")
                #expect(lines[index]["\(view)__v"] == row ?? "null", "\(view) \(key)")
                let isThere = try statement.step()
                #expect(isThere)
                let cell = statement.text(at: 0)
                #expect(cell == row, "\(view) \(key)")
            }
        }
    }

    func checkOnlineFeatures() throws {
        let server = try RunningServer(self.fleet)
        let columns = self.keys.types.indices.map { column in
            "\"k\(column)\": [\(self.wanted.map { $0.cells[column].json }.joined(separator: ","))]"
        }
        let answer = try server.request(
            "POST",
            "/get-online-features",
            """
            {"features": ["from_csv:v", "from_sqlite:v"], "full_feature_names": true,
             "entities": {\(columns.isEmpty ? "\"any\": [1]" : columns.joined(separator: ", "))}}
            """
        )
        try #require(answer.status == 200, "\(answer.text)")
        _ = try server.stop()
        var bodies = [("HTTP", answer.body)]
        // On the command line every id is a text.
        let arguments = self.keys.types.indices.flatMap { column in
            self.wanted.flatMap { wanted in
                ["-e", "k\(column)=\(wanted.cells[column].json.filter { $0 != "\"" })"]
            }
        }
        let command = ["get-online-features", "--json", "--full-feature-names"]
        let features = ["-f", "from_csv:v", "-f", "from_sqlite:v"]
        let direct = try Program.run(
            command + features + (arguments.isEmpty ? ["-e", "any=1"] : arguments),
            in: self.fleet.directory
        )
        #expect(direct.exitCode == 0, "\(direct)")
        bodies.append(("command", direct.output.trimmingCharacters(in: .newlines)))
        for (path, body) in bodies {
            let found = RawText.columns(ofAnswer: body)
            for view in self.views {
                let values = self.wanted.map { $0.row.map(String.init) ?? "null" }
                let statuses = self.wanted.map { $0.row == nil ? "NOT_FOUND" : "PRESENT" }
                #expect(found["\(view)__v"]?.values == values, "\(path) \(view) \(body)")
                #expect(found["\(view)__v"]?.statuses == statuses, "\(path) \(view) \(body)")
            }
        }
    }
}
