import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport
import Testing

/// Local times against a table that Python made: `scripts/time-zone-cases`.
@Suite struct LocalTimeTests {
    private struct Case {
        let local: String
        let utc: String
    }

    /// By zone, in the table's order.
    private static let cases: [(zone: String, cases: [Case])] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("LocalTimes.csv")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        var groups: [(zone: String, cases: [Case])] = []
        for line in text.split(separator: "\n").dropFirst() {
            let parts = line.split(separator: ",").map(String.init)
            if groups.last?.zone != parts[0] {
                groups.append((parts[0], []))
            }
            groups[groups.count - 1].cases.append(Case(local: parts[1], utc: parts[2]))
        }
        return groups
    }()

    @Test("The table is there")
    func tableIsThere() {
        #expect(Self.cases.count == 20)
        #expect(Self.cases.reduce(0) { $0 + $1.cases.count } > 700)
    }

    @Test("Local times of many zones are what the IANA data says", arguments: 0..<20)
    func agreesWithTheTable(number: Int) throws {
        let (zone, cases) = Self.cases[number]
        // In order, as a log writes them, and shuffled, as no cache of the last day likes it.
        var random = SeededGenerator(seed: UInt64(number))
        for isSQLite in [false, true] {
            for cases in [cases, cases.shuffled(using: &random)] {
                let (times, moments) = try self.read(
                    cases.map(\.local),
                    in: zone,
                    isSQLite: isSQLite
                )
                #expect(times == moments)
                #expect(times.count == cases.count)
                for (time, expected) in zip(times, cases) {
                    #expect(time.description == expected.utc, "\(zone) \(expected.local)")
                }
            }
        }
    }

    @Test(
        "A local time whose instant is outside the years 1 to 9999 is no time",
        arguments: [
            ("Asia/Kolkata", "0001-01-01 00:00:00"), ("America/New_York", "9999-12-31 23:59:59"),
        ]
    )
    func outsideTheCalendar(zone: String, local: String) throws {
        let near = local.replacingOccurrences(of: "-01 ", with: "-02 ")
            .replacingOccurrences(of: "-31 ", with: "-30 ")
        for isSQLite in [false, true] {
            let (times, _) = try self.read([local, near, local], in: zone, isSQLite: isSQLite)
            #expect(times.count == 1)
        }
    }

    /// The event times, and a feature of the same texts, of a source in a zone.
    private func read(
        _ texts: [String],
        in zone: String,
        isSQLite: Bool
    ) throws -> (times: [Timestamp], moments: [Timestamp]) {
        try withTemporaryDirectory { directory in
            if isSQLite {
                let path = directory.appendingPathComponent("s.db").path
                let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
                try database.execute("CREATE TABLE s (id, t, moment)")
                let insert = try database.prepare("INSERT INTO s VALUES (1, ?1, ?1)")
                for text in texts {
                    try insert.bind(text, at: 1)
                    try insert.run()
                }
            } else {
                let text = "id,t,moment\n" + texts.map { "1,\($0),\($0)\n" }.joined()
                try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
            }
            let source = DataSource(
                name: "s",
                kind: isSQLite
                    ? .sqlite(.init(path: "s.db", relation: .table("s")))
                    : .csv(.init(path: "s.csv")),
                timestampField: "t",
                timezone: zone
            )
            let scan = SourceScan(
                source: source,
                joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
                features: [Field(name: "moment", type: .unixTimestamp)]
            )
            var report = ScanReport()
            var times: [Timestamp] = []
            var moments: [Value] = []
            try SourceReader(root: directory.path).scan(scan, report: &report) {
                (batch) throws(OfflineStoreError) in
                times += batch.times.map { Timestamp(microseconds: $0) }
                moments += batch.features[0].values
            }
            return (
                times,
                moments.compactMap { value in
                    guard case .timestamp(let moment) = value else { return nil }
                    return moment
                }
            )
        }
    }
}
