import Foundation
import NativeStorage
import TestSupport
import Testing

/// All value types through all ways in and out, with the built program.
struct TypeMatrixTests {
    @Test func `Every value of every type comes out of every path as it went in`() throws {
        try withTemporaryDirectory { directory in
            let matrix = try TypeMatrix(at: directory)
            try matrix.run("apply")
            try matrix.push()
            try matrix.checkTrainingSets()
            try matrix.checkKeptAndCachedSets()
            try matrix.load()
            try matrix.run("verify")
            try matrix.checkOnlineFeatures()
        }
    }
}

/// A repository with a view for each type and each way in: over CSV, over SQLite, pushed as CSV and
/// pushed as JSON; and the checks.
private struct TypeMatrix {
    let fleet: FleetRepository
    /// Cases by id; a type with fewer cases has no rows for the rest.
    let ids = 0..<((typeTable.map(\.cases.count).max() ?? 0))
    let ways = ["csv", "sqlite", "pushcsv", "pushjson"]

    init(at directory: URL) throws {
        self.fleet = try FleetRepository(at: directory)
        var sources = ""
        var views = ""
        for cases in typeTable {
            try self.writeSources(of: cases)
            for way in self.ways {
                let place =
                    switch way {
                    case "csv": "type: csv, path: data/\(cases.word).csv"
                    case "sqlite": "type: sqlite, table: \(cases.word)"
                    default: "type: push"
                    }
                sources += """
                      - { name: \(way)_\(cases.word), \(place), timestamp_field: at }

                    """
                views += """
                      - name: \(way)_\(cases.word)
                        entities: [item]
                        schema: [{ name: v, dtype: \(cases.type) }]
                        source: \(way)_\(cases.word)

                    """
            }
        }
        try self.fleet.write(
            "driver.yaml",
            """
            entities:
              - { name: item, join_keys: [id], value_type: int64 }
            data_sources:
            \(sources)feature_views:
            \(views)
            """
        )
        let rows = self.ids.map { "\($0),2024-06-01T00:00:00Z\n" }.joined()
        try self.fleet.write("data/entities.csv", "id,event_timestamp\n" + rows)
    }

    private func writeSources(of cases: TypeCases) throws {
        let lines = cases.cases.enumerated().map { "\($0),2024-01-01T00:00:00Z,\($1.csv)\n" }
        try self.fleet.write("data/\(cases.word).csv", "id,at,v\n" + lines.joined())
        let objects = cases.cases.enumerated().map { id, value in
            #"{"id":\#(id),"at":"2024-01-01T00:00:00Z","v":\#(value.json)}"# + "\n"
        }
        try self.fleet.write("data/\(cases.word).jsonl", objects.joined())
        let database = try SQLiteDatabase(
            path: self.fleet.directory + "/data/offline.db",
            mode: .readWriteCreate
        )
        // A column without a type keeps each value as it is given.
        try database.execute("CREATE TABLE \(cases.word) (id INTEGER, at TEXT, v)")
        for (id, value) in cases.cases.enumerated() {
            try database.execute(
                "INSERT INTO \(cases.word) VALUES (\(id), '2024-01-01', \(value.sql))"
            )
        }
    }

    func run(_ command: String) throws {
        try self.fleet.prepare(command)
    }

    /// Loads what was not pushed, so that what is served of the rest is what the push wrote.
    func load() throws {
        let views = self.views.map(\.view).filter { !$0.hasPrefix("push") }
        try self.run("materialize" + views.map { " -v \($0)" }.joined())
    }

    /// Pushes what the files hold to both stores.
    func push() throws {
        for cases in typeTable {
            for (way, ending) in [("pushcsv", "csv"), ("pushjson", "jsonl")] {
                try self.run(
                    "push \(way)_\(cases.word) data/\(cases.word).\(ending) "
                        + "--to online_and_offline"
                )
            }
        }
    }

    // MARK: What there is to be

    private var views: [(view: String, cases: TypeCases)] {
        typeTable.flatMap { cases in self.ways.map { ("\($0)_\(cases.word)", cases) } }
    }

    private var features: String {
        self.views.map { "\($0.view):v" }.joined(separator: ",")
    }

    /// Compares one cell of each case with what the table says of it.
    private func check<Cell: Equatable & CustomStringConvertible>(
        _ path: String,
        _ found: (_ view: String, _ id: Int) throws -> Cell?,
        is expected: (TypeCase) -> Cell,
        same: (Cell, Cell) -> Bool
    ) rethrows {
        for (view, cases) in self.views {
            for id in self.ids {
                let value = id < cases.cases.count ? cases.cases[id] : .null
                let wanted = expected(value)
                guard let cell = try found(view, id) else {
                    Issue.record("\(path), \(view), \(value.csv.prefix(80)): no cell")
                    continue
                }
                #expect(
                    same(cell, wanted),
                    """
                    \(path), \(view), \(value.csv.prefix(80)): \
                    \(cell.description.prefix(200)) is not \(wanted.description.prefix(200))
                    """
                )
            }
        }
    }

    private func checkText(
        _ path: String,
        _ found: (_ view: String, _ id: Int) throws -> String?,
        is expected: (TypeCase) -> String
    ) rethrows {
        try self.check(path, found, is: expected) { $0.utf8.elementsEqual($1.utf8) }
    }

    // MARK: Training sets

    func checkTrainingSets() throws {
        let command = "get-historical-features -d data/entities.csv --full-feature-names -f "
        for name in ["t.csv", "t.jsonl", "t.db"] {
            try self.run(command + self.features + " -o \(name)")
        }
        let records = RawText.records(ofCSV: try self.fleet.text("t.csv"))
        try #require(records.count == self.ids.count + 1)
        self.checkText("CSV out") { view, id in
            records[0].firstIndex(of: "\(view)__v").map { records[id + 1][$0] }
        } is: {
            $0.csvOut
        }
        let lines = try self.fleet.text("t.jsonl").split(separator: "\n").map {
            RawText.members(ofJSON: String($0))
        }
        try #require(lines.count == self.ids.count)
        self.checkText("JSON Lines") { view, id in
            lines[id]["\(view)__v"]
        } is: {
            $0.json
        }
        let database = try SQLiteDatabase(
            path: self.fleet.directory + "/t.db",
            mode: .readOnly
        )
        var stored: [String: [TypeCase.Stored]] = [:]
        for (view, _) in self.views {
            let statement = try database.prepare("SELECT \(view)__v FROM training_set")
            var cells: [TypeCase.Stored] = []
            while try statement.step() { cells.append(statement.stored(at: 0)) }
            stored[view] = cells
        }
        self.check("SQLite out") { view, id in
            stored[view]?[id]
        } is: {
            $0.stored
        } same: {
            $0 == $1
        }
    }

    /// A set that is kept, and sets of sources that are read from caches, are the same bytes.
    func checkKeptAndCachedSets() throws {
        let command =
            "get-historical-features -d data/entities.csv --full-feature-names -f \(self.features)"
        try self.run(command + " --save-as kept -o unused.csv")
        try self.run("saved-datasets get kept -o kept.csv")
        try self.run("saved-datasets rebuild kept")
        try self.fleet.write(
            "feature_store.yaml",
            FleetRepository.configuration
                .replacing("data/offline.db }", with: "data/offline.db, cache: true }")
        )
        for name in ["made.csv", "read.csv"] {
            try self.run(command + " -o \(name)")
        }
        let text = try self.fleet.text("t.csv")
        for name in ["kept.csv", "made.csv", "read.csv"] {
            #expect(try self.fleet.text(name).utf8.elementsEqual(text.utf8), "\(name)")
        }
        let caches = try FileManager.default
            .contentsOfDirectory(atPath: self.fleet.directory + "/data/cache")
        #expect(caches.count == typeTable.count)
    }

    // MARK: Online

    func checkOnlineFeatures() throws {
        let rows = self.ids.map { "-e id=\($0)" }.joined(separator: " ")
        let command =
            "get-online-features --json --full-feature-names \(rows) -f \(self.features)"
        let direct = try Program.run(
            command.split(separator: " ").map(String.init),
            in: self.fleet.directory
        )
        try #require(direct.exitCode == 0, "\(direct)")
        let ids = self.ids.map(String.init).joined(separator: ",")
        let server = try RunningServer(self.fleet)
        let answer = try server.post(
            "/get-online-features",
            """
            {"features": [\(self.views.map { "\"\($0.view):v\"" }.joined(separator: ","))],
             "full_feature_names": true, "entities": {"id": [\(ids)]}}
            """
        )
        let times = self.ids.map { _ in "\"2024-06-01\"" }.joined(separator: ",")
        let training = try server.post(
            "/get-historical-features",
            """
            {"features": [\(self.views.map { "\"\($0.view):v\"" }.joined(separator: ","))],
             "full_feature_names": true, "entities": {"id": [\(ids)], "event_timestamp": [\(times)]}}
            """
        )
        _ = try server.stop()
        try #require(training.status == 200, "\(training.text)")
        let columns = RawText.members(
            ofJSON: RawText.members(ofJSON: training.body)["columns"] ?? ""
        )
        self.checkText("HTTP training") { view, id in
            columns["\(view)__v"].map { RawText.parts(ofJSON: $0)[id] }
        } is: {
            $0.wire
        }
        try #require(answer.status == 200, "\(answer.text)")
        let bodies = [
            ("command", direct.output.trimmingCharacters(in: .newlines)),
            ("HTTP", answer.body),
        ]
        for (path, body) in bodies {
            self.checkAnswer(path, body)
        }
    }

    private func checkAnswer(_ path: String, _ body: String) {
        let columns = RawText.columns(ofAnswer: body)
        self.checkText("\(path) values") { view, id in
            columns["\(view)__v"]?.values[id]
        } is: {
            $0.wire
        }
        for (view, cases) in self.views {
            for id in self.ids {
                let status =
                    id >= cases.cases.count
                    ? "NOT_FOUND" : cases.cases[id].wire == "null" ? "NULL_VALUE" : "PRESENT"
                #expect(
                    columns["\(view)__v"]?.statuses[id] == status,
                    "\(path), \(view), id \(id)"
                )
            }
        }
    }
}

extension SQLiteStatement {
    /// A value of the current row, as it is stored.
    fileprivate borrowing func stored(at index: Int) -> TypeCase.Stored {
        switch self.storageType(at: index) {
        case .null: .null
        case .integer: .integer(self.integer(at: index))
        case .real: .real(self.real(at: index))
        case .text: .text(self.text(at: index) ?? "")
        case .blob:
            .blob(
                self.withBytes(at: index) { span in
                    var bytes: [UInt8] = []
                    for position in span.indices { bytes.append(span[position]) }
                    return bytes
                }
            )
        }
    }
}
