import FeatureModel
import Foundation
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
        for cases in [cases, cases.shuffled(using: &random)] {
            let read = try self.times(cases.map(\.local), in: zone)
            #expect(read.count == cases.count)
            for (time, expected) in zip(read, cases) {
                let text = Timestamp(microseconds: time).description
                #expect(text == expected.utc, "\(zone) \(expected.local)")
            }
        }
    }

    /// The event times of a source in a zone, whose lines have these texts.
    private func times(_ texts: [String], in zone: String) throws -> [Int64] {
        try withTemporaryDirectory { directory in
            let text = "id,t\n" + texts.map { "1,\($0)\n" }.joined()
            try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
            let source = DataSource(
                name: "s",
                kind: .csv(.init(path: "s.csv")),
                timestampField: "t",
                timezone: zone
            )
            let scan = SourceScan(
                source: source,
                joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
                features: []
            )
            var report = ScanReport()
            var times: [Int64] = []
            try SourceReader(root: directory.path).scan(scan, report: &report) {
                (batch) throws(OfflineStoreError) in
                times += batch.times
            }
            return times
        }
    }
}
