import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport
import Testing

private let id = Entity.JoinKey(name: "id", type: .int64)

private func csvSource(_ path: String, timezone: String? = nil) -> DataSource {
    DataSource(
        name: "s",
        kind: .csv(DataSource.CSVOptions(path: path, nullValues: ["", "NA"])),
        timestampField: "t",
        timezone: timezone
    )
}

private func write(_ text: String, _ name: String, in directory: URL) throws {
    try text.write(
        to: directory.appendingPathComponent(name),
        atomically: false,
        encoding: .utf8
    )
}

/// Scans without a key filter and gathers everything.
private func readAll(
    _ scan: SourceScan,
    root: URL
) throws -> (keys: [Value], times: [Int64], features: [[Value]], report: ScanReport) {
    var report = ScanReport()
    var keys: [Value] = []
    var times: [Int64] = []
    var features = scan.wanted.filter { $0 }.map { _ in [Value]() }
    try SourceReader(root: root.path).scan(scan, report: &report) {
        (batch) throws(OfflineStoreError) in
        keys += batch.keyColumns.first?.values ?? []
        times += batch.times
        for (index, column) in batch.features.enumerated() {
            features[index] += column.values
        }
    }
    return (keys, times, features, report)
}

@Suite struct SourceReaderTests {
    @Test("Bad rows are skipped, counted and named, whether the feature is wanted or not")
    func badRows() throws {
        try withTemporaryDirectory { directory in
            let lines = [
                "id,t,x,y", "1,2026-01-01,1,1.5", "2,2026-01-01,oops,1", "NA,2026-01-01,1,1",
                "3,NA,1,1", "4,2026-01-01,1", "5,never,1,1", "six,2026-01-01,1,1",
                "7,2026-01-01,1,\"a", "b\"", "\"8\"x,2026-01-01,1,1", "9,2026-01-02,NA,\"2\"",
                "\"NA\",2026-01-01,1,1", "10,2027-01-01,1,1",
            ]
            try write(lines.joined(separator: "\n"), "s.csv", in: directory)
            var scan = SourceScan(
                source: csvSource("s.csv"),
                joinKeys: [id],
                features: [Field(name: "x", type: .int64), Field(name: "y", type: .float64)],
                wanted: [false, true],
                latest: Timestamp("2026-12-31")
            )

            let (keys, times, features, report) = try readAll(scan, root: directory)

            #expect(keys == [1, 9])
            #expect(
                times.map { Timestamp(microseconds: $0).description }
                    == ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]
            )
            #expect(features == [[.float(1.5), .float(2)]])
            #expect(report.rowsRead == 12 && report.rowsKept == 2 && report.bad == 7)
            #expect(report.nullKey == 1 && report.nullTime == 1 && report.afterEnd == 1)
            #expect(report.newestEventTime == Timestamp("2026-01-02"))
            #expect(report.sawZonelessTime)
            let path = directory.appendingPathComponent("s.csv").path
            #expect(
                report.samples.map(\.description) == [
                    "\(path):3: column \"x\": \"oops\" is no int64",
                    "\(path):6: the row has 3 fields, the header 4; "
                        + "a field with a delimiter in it needs quotes",
                    "\(path):7: column \"t\": \"never\" is no time",
                    "\(path):8: column \"id\": \"six\" is no int64",
                    "\(path):9: column \"y\": \"a⏎b\" is no float64",
                    "\(path):11: there is text after a closing quote",
                    "\(path):13: column \"id\": \"NA\" is no int64",
                ]
            )
            scan.strict = true
            #expect { try readAll(scan, root: directory) } throws: { error in
                let error = error as? OfflineStoreError
                return error?.code == .badRows && (error?.message.contains("7 bad rows") ?? false)
            }
        }
    }

    @Test("A batch is cut at 16,384 rows, and bad rows in between leave no trace")
    func batches() throws {
        try withTemporaryDirectory { directory in
            var text = "id,t,x\n"
            for row in 0..<40_000 {
                text += "\(row),\(row),\(row % 1000 == 999 ? "bad" : "s\(row)")\n"
            }
            try write(text, "s.csv", in: directory)
            let scan = SourceScan(
                source: csvSource("s.csv"),
                joinKeys: [id],
                features: [Field(name: "x", type: .json), Field(name: "t", type: .string)]
            )
            #expect(try readAll(scan, root: directory).report.bad == 40_000)
            let texts = SourceScan(
                source: csvSource("s.csv"),
                joinKeys: [id],
                features: [Field(name: "t", type: .string), Field(name: "x", type: .string)]
            )
            let (keys, times, features, _) = try readAll(texts, root: directory)
            #expect(keys == (0..<40_000).map { .integer($0) })
            #expect(times == (0..<40_000).map { $0 * 1_000_000 })
            #expect(features[0] == (0..<40_000).map { .string("\($0)") })
        }
    }

    @Test("A zone's gap moves forward, its fold is the first occurrence")
    func zones() throws {
        try withTemporaryDirectory { directory in
            let cases = [
                ("2026-01-10 12:00:00", "2026-01-10T17:00:00Z"),
                ("2026-07-10 12:00:00.000001", "2026-07-10T16:00:00.000001Z"),
                ("2026-03-08 01:59:59", "2026-03-08T06:59:59Z"),
                ("2026-03-08 02:30:00", "2026-03-08T07:30:00Z"),
                ("2026-03-08 03:00:00", "2026-03-08T07:00:00Z"),
                ("2026-11-01 00:59:59", "2026-11-01T04:59:59Z"),
                ("2026-11-01 01:30:00", "2026-11-01T05:30:00Z"),
                ("2026-11-01 02:00:00", "2026-11-01T07:00:00Z"),
                ("2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00Z"),
                ("1768046400", "2026-01-10T12:00:00Z"),
            ]
            let rows = cases.map { "1,\($0.0)\n" }.joined()
            try write("id,t\n" + rows, "s.csv", in: directory)
            let scan = SourceScan(
                source: csvSource("s.csv", timezone: "America/New_York"),
                joinKeys: [id],
                features: []
            )
            let times = try readAll(scan, root: directory).times
            #expect(times.map { Timestamp(microseconds: $0).description } == cases.map(\.1))
            let unknown = SourceScan(
                source: csvSource("s.csv", timezone: "Mars/Olympus"),
                joinKeys: [id],
                features: []
            )
            #expect(throws: OfflineStoreError.self) { try readAll(unknown, root: directory) }
        }
    }

    @Test("Gzip of several members is read; a damaged file is refused")
    func gzip() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("s.csv.gz")
            // `id,t\n1,1\n` and `2,2\n`, each a member of its own.
            let members: [UInt8] = [
                31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 76, 209, 41, 225, 50, 212, 49, 228, 2, 0,
            ]
            var packed = members + gzipTrailer(of: Array("id,t\n1,1\n".utf8))
            packed += [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 51, 210, 49, 226, 2, 0]
            packed += gzipTrailer(of: Array("2,2\n".utf8))
            try Data(packed).write(to: file)
            let scan = SourceScan(source: csvSource("*.csv.gz"), joinKeys: [id], features: [])
            #expect(try readAll(scan, root: directory).keys == [1, 2])
            for broken in [Array(packed.dropLast(3)), Array("id,t\n".utf8)] {
                try Data(broken).write(to: file)
                #expect { try readAll(scan, root: directory) } throws: { error in
                    (error as? OfflineStoreError)?.code == .malformedFile
                }
            }
        }
    }

    @Test("SQLite cells go by their storage class, and rows by rowid")
    func storageClasses() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("w.db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute(
                """
                CREATE TABLE trips (ID, t, x, y, b);
                INSERT INTO trips (rowid, ID, t, x, y, b) VALUES
                  (5, 5, 1768046400, 3.0, 1, x'00ff'), (3, '3', '2026-01-10', '7', '0.5', 'AP8='),
                  (4, 4.0, 1768046400.25, NULL, 2.5, NULL), (7, 7, 1, 1.5, 1, NULL),
                  (8, x'08', 1, 1, 1, NULL), (9, 9, 1, 1, x'00', NULL);
                """
            )
            let fields = [
                Field(name: "x", type: .int64), Field(name: "y", type: .float32),
                Field(name: "b", type: .bytes),
            ]
            let options = DataSource.SQLiteOptions(path: "w.db", relation: .table("trips"))
            let source = DataSource(name: "s", kind: .sqlite(options), timestampField: "t")
            let (keys, times, features, report) = try readAll(
                SourceScan(source: source, joinKeys: [id], features: fields),
                root: directory
            )
            #expect(keys == [3, 4, 5])
            #expect(
                times.map { Timestamp(microseconds: $0).description } == [
                    "2026-01-10T00:00:00Z", "2026-01-10T12:00:00.250Z", "2026-01-10T12:00:00Z",
                ]
            )
            #expect(features[0] == [7, nil, 3])
            #expect(features[1] == [0.5, 2.5, 1.0])
            #expect(features[2] == [.bytes([0, 255]), nil, .bytes([0, 255])])
            #expect(
                report.samples.map(\.description) == [
                    "\(path), table \"trips\", rowid 7: column \"x\": \"1.5\" is no int64",
                    "\(path), table \"trips\", rowid 8: column \"id\": \"(blob)\" is no int64",
                    "\(path), table \"trips\", rowid 9: column \"y\": \"(blob)\" is no float32",
                ]
            )
            let codes: [(DataSource.SQLiteOptions.Relation, OfflineStoreError.Code)] = [
                (.table("trip"), .missingTable), (.query("SELEC 1"), .invalidSQL),
                (.query("DELETE FROM trips"), .invalidSQL),
                (.query("SELECT ID, t FROM trips"), .missingColumn),
            ]
            for (relation, code) in codes {
                let other = DataSource(
                    name: "s",
                    kind: .sqlite(DataSource.SQLiteOptions(path: "w.db", relation: relation)),
                    timestampField: "t"
                )
                #expect {
                    try readAll(
                        SourceScan(source: other, joinKeys: [id], features: fields),
                        root: directory
                    )
                } throws: { ($0 as? OfflineStoreError)?.code == code }
            }
        }
    }

    @Test("Files of a glob come by name, and must have the same columns")
    func globs() throws {
        try withTemporaryDirectory { directory in
            try write("id,t\n2,0\n", "part-2.csv", in: directory)
            try write("t,id\n0,10\n", "part-10.csv", in: directory)
            try write("id,t\n3,0\n", "part[x].csv", in: directory)
            let scan = SourceScan(source: csvSource("part-*.csv"), joinKeys: [id], features: [])
            #expect(try readAll(scan, root: directory).keys == [10, 2])
            let literal = SourceScan(source: csvSource("part[x].csv"), joinKeys: [id], features: [])
            #expect(try readAll(literal, root: directory).keys == [3])
            try write("id,t,extra\n1,0,0\n", "part-3.csv", in: directory)
            #expect { try readAll(scan, root: directory) } throws: { error in
                ((error as? OfflineStoreError)?.message ?? "").contains("also has extra")
            }
            let none = SourceScan(source: csvSource("none-*.csv"), joinKeys: [id], features: [])
            #expect { try readAll(none, root: directory) } throws: { error in
                (error as? OfflineStoreError)?.code == .missingFile
            }
        }
    }

    @Test("Problems of a source name the column, the cell and the way out")
    func problems() throws {
        try withTemporaryDirectory { directory in
            try write(
                "id,t,temp,wind,note\n1,2026-01-01,1.5,1,a\n2,2026-01-01,2.5,x,b\n3,2026-01-01,2,2,c\n",
                "s.csv",
                in: directory
            )
            let view = FeatureView(
                name: "v",
                entities: ["e"],
                schema: [
                    Field(name: "temp", type: .int64), Field(name: "wind", type: .int64),
                    Field(name: "nte", type: .string),
                ],
                source: "s"
            )
            let reader = SourceReader(root: directory.path)
            let problems = reader.problems(of: view, source: csvSource("s.csv"), joinKeys: [id])
            #expect(problems.map(\.part) == ["schema.nte", "schema.temp", "schema.wind"])
            #expect(problems.map(\.diagnostic.severity) == [.error, .error, .warning])
            #expect(problems[0].diagnostic.fix == "did you mean \"note\"?")
            let path = directory.appendingPathComponent("s.csv").path
            #expect(
                problems[1].diagnostic.message == """
                    feature "temp": \(path):2: column "temp" has "1.5", which is no int64 \
                    (2 of 3 sampled)
                    """
            )
            #expect(
                problems[1].diagnostic.fix == "declare it as float64, which fits all sampled values"
            )
            #expect(mkfifo(directory.appendingPathComponent("pipe.csv").path, 0o600) == 0)
            for kind in [csvSource("pipe.csv"), csvSource("p*.csv")] {
                let pipe = reader.problems(of: view, source: kind, joinKeys: [id])
                #expect(pipe.map(\.part) == ["source.path"])
                #expect(pipe[0].diagnostic.message.contains("is a pipe or a device"))
            }
            let many = reader.problems(of: [
                (view, csvSource("s.csv"), [id]), (view, csvSource("pipe.csv"), [id]),
            ])
            #expect(many.map(\.count) == [3, 1])
            let missing = reader.problems(of: view, source: csvSource("z.csv"), joinKeys: [id])
            #expect(missing.map(\.part) == ["source.path"])
            #expect(missing[0].diagnostic.message.contains("/z.csv"))
            let database = DataSource(
                name: "s",
                kind: .sqlite(DataSource.SQLiteOptions(path: "s.csv", relation: .table("x")))
            )
            let wrong = reader.problems(of: view, source: database, joinKeys: [id])
            #expect(wrong.first?.diagnostic.message.contains("is no SQLite database") ?? false)
        }
    }
}
