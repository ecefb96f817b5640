import Foundation
import NativeStorage
import TestSupport
import Testing

/// The data of every release, made by `scripts/make-golden-data`, and files of a later format.
struct GoldenDataTests {
    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// What differs from run to run: times of now, ages, the folder.
    private func comparable(_ text: String, in directory: String) -> String {
        text.stable(in: directory)
            .replacingOccurrences(of: " +", with: " ", options: .regularExpression)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test
    func `The data of each release give the answers that they gave it`() throws {
        let files = FileManager.default
        let releases = try files.contentsOfDirectory(atPath: Self.golden.path)
        #expect(!releases.isEmpty)
        for release in releases.sorted() {
            try withTemporaryDirectory { directory in
                let copy = directory.appendingPathComponent("copy")
                try files.copyItem(
                    at: Self.golden.appendingPathComponent(release),
                    to: copy
                )
                func text(_ name: String) throws -> String {
                    try String(contentsOf: copy.appendingPathComponent(name), encoding: .utf8)
                }
                let repository = copy.appendingPathComponent("repository").path
                let answers = try text("answers.txt").components(separatedBy: "$ fstore ")
                    .dropFirst()
                let questions = try text("questions.txt").split(separator: "\n")
                #expect(questions.count == answers.count && questions.count > 10)
                for (question, answer) in zip(questions, answers) {
                    let arguments = question.split(separator: " ").map(String.init)
                    let result = try Program.run(arguments, in: repository)
                    let exit = result.exitCode == 0 ? "" : "exit \(result.exitCode)"
                    #expect(
                        self.comparable("\(question)\n\(result.output)\(exit)", in: repository)
                            == self.comparable(answer, in: repository),
                        "\(release): fstore \(question)"
                    )
                }
                // They are not only read.
                for command in [
                    ["push", "items_push", "data/items.csv"], ["materialize"],
                    ["snapshot", "../again"], ["verify", "--snapshot", "../again"],
                    ["restore", "../snapshot", "--replace"], ["verify"],
                ] {
                    let result = try Program.run(command, in: repository)
                    #expect(result.exitCode == 0, "\(release): \(command): \(result)")
                }
            }
        }
    }

    @Test
    func `The golden data of a release are small`() throws {
        let files = FileManager.default
        for release in try files.contentsOfDirectory(atPath: Self.golden.path) {
            let folder = Self.golden.appendingPathComponent(release).path
            let size = try files.subpathsOfDirectory(atPath: folder).reduce(0) { size, name in
                size + (files.contents(atPath: "\(folder)/\(name)")?.count ?? 0)
            }
            #expect(size < 500_000, "\(release)")
        }
    }

    @Test
    func `A file of a later format is refused by name, and changed by nobody`() throws {
        let catalogue = [0] + Array("catalogue".utf8)
        func withOnline(
            _ fleet: FleetRepository,
            _ body: (RocksDB) throws -> Void
        ) throws {
            let database = try RocksDB(path: fleet.directory + "/data/online")
            try body(database)
        }
        func put(_ database: RocksDB, _ key: [UInt8], _ value: [UInt8]) throws {
            var batch = WriteBatch()
            batch.put(key: key.span, value: value.span)
            try database.write(batch, synced: true)
        }
        func execute(_ fleet: FleetRepository, _ file: String, _ sql: String) throws {
            try SQLiteDatabase(path: "\(fleet.directory)/data/\(file)", mode: .readWriteCreate)
                .execute(sql)
        }
        let read = [
            "get-online-features", "-e", "driver_id=1001", "-f", "driver_stats:trips",
        ]
        let cases: [(String, (FleetRepository) throws -> Void, [String], String)] = [
            (
                "registry", { try execute($0, "registry.db", "PRAGMA user_version = 9") },
                ["status"], "has the format 9, and this fstore knows formats up to"
            ),
            (
                "push log",
                {
                    let newer = "UPDATE about SET value = '9' WHERE name = 'format'"
                    try execute($0, "pushed.db", newer)
                },
                ["rejects"], "has format 9, and this fstore knows"
            ),
            (
                "catalogue",
                {
                    try withOnline($0) { try put($0, catalogue, Array(#"{"version":9}"#.utf8)) }
                },
                ["status"], "has format 9, and this fstore knows"
            ),
            (
                "row",
                {
                    try withOnline($0) { database in
                        var rows: [([UInt8], [UInt8])] = []
                        try database.scan(from: [1], to: [2]) { key, row in
                            rows.append((key.indices.map { key[$0] }, row.indices.map { row[$0] }))
                            return true
                        }
                        for (key, row) in rows { try put(database, key, [9] + row.dropFirst()) }
                    }
                },
                read, "its format is 9, and this fstore knows 1"
            ),
            (
                "saved dataset",
                { fleet in
                    let name = "data/saved_datasets/kept/manifest.json"
                    let text = try fleet.text(name)
                    try fleet.write(
                        name,
                        text.replacingOccurrences(
                            of: #""format" : \d+"#,
                            with: #""format" : 9"#,
                            options: .regularExpression
                        )
                    )
                },
                ["saved-datasets", "describe", "kept"],
                "has the format 9, and this fstore knows formats up to"
            ),
        ]
        for (what, change, command, message) in cases {
            try withTemporaryDirectory { directory in
                let fleet = try FleetRepository(at: directory)
                try fleet.prepare(
                    "apply",
                    "materialize",
                    "get-historical-features -d data/entities.csv --feature-service activity "
                        + "--save-as kept"
                )
                if what == "push log" {
                    let text = try fleet.text("driver.yaml")
                    try fleet.write(
                        "driver.yaml",
                        text.replacingOccurrences(
                            of: "feature_views:",
                            with: "  - { name: p, type: push, batch_source: stats }\nfeature_views:"
                        )
                    )
                    try fleet.prepare("apply", "push p data/stats.csv --to offline")
                }
                try change(fleet)
                let result = try Program.run(command, in: fleet.directory)
                #expect(result.exitCode == 1, "\(what): \(result)")
                #expect(result.errors.contains(message), "\(what): \(result)")
            }
        }
    }
}
