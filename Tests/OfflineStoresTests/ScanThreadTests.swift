import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport
import Testing

@Suite struct ScanThreadTests {
    private func scan(strict: Bool = false) -> SourceScan {
        SourceScan(
            source: DataSource(
                name: "s",
                kind: .csv(DataSource.CSVOptions(path: "s.csv")),
                timestampField: "t"
            ),
            joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
            features: [Field(name: "x", type: .int64)],
            strict: strict
        )
    }

    private func withSource(_ rows: Int, _ body: (SourceReader) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let lines = (0..<rows).map { "\($0),\($0),\($0)" }
            try Data(("id,t,x\n" + lines.joined(separator: "\n")).utf8)
                .write(to: directory.appendingPathComponent("s.csv"))
            try body(SourceReader(root: directory.path))
        }
    }

    @Test(
        "A scan whose user fails ends with the user's error, at any batch",
        .timeLimit(.minutes(1)),
        arguments: [1, 2, 7]
    )
    func stops(failingBatch: Int) throws {
        // Many more batches than may wait, so that reading must be told to stop.
        try withSource(200_000) { reader in
            var batches = 0
            var report = ScanReport()
            #expect {
                try reader.scan(scan(), report: &report) { (_) throws(OfflineStoreError) in
                    batches += 1
                    if batches == failingBatch {
                        throw OfflineStoreError(code: .tooManyRows, message: "enough")
                    }
                }
            } throws: { error in
                (error as? OfflineStoreError)?.message == "enough"
            }
            #expect(batches == failingBatch)
            #expect(report.rowsRead < 200_000)
        }
    }

    @Test("Batches and progress come in order, and the report is whole")
    func order() throws {
        try withSource(100_000) { reader in
            var report = ScanReport()
            var next: Int64 = 0
            var seen: [Int] = []
            try reader.scan(
                scan(),
                report: &report,
                progress: { seen.append($0.rowsRead) },
                { (batch) throws(OfflineStoreError) in
                    #expect(batch.times.first == next * 1_000_000)
                    next += Int64(batch.rowCount)
                }
            )
            #expect(next == 100_000)
            #expect(report.rowsKept == 100_000)
            #expect(seen == seen.sorted())
            #expect(seen.last == 100_000)
        }
    }

    @Test("Fields without quotes are what lies between the delimiters", arguments: UInt64(0)..<40)
    func plainFields(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let letters = Array("ab \"\t\u{1}é\u{B}")
        let rows = (0..<30).map { _ in
            (0..<4).map { _ -> String in
                let length = Int.random(in: 0...4, using: &random)
                let text = (0..<length).map { _ in letters.randomElement(using: &random) ?? "a" }
                // A field that begins with a quote is a quoted one.
                return text.first == "\"" ? "a" : String(text)
            }
        }
        let ends = ["\n", "\r\n"]
        let text = rows.map { row in
            row.joined(separator: ",") + (ends.randomElement(using: &random) ?? "\n")
        }
        let file = "p,q,r,s\n" + text.joined()
        let table = try EntityTable(bytes: Array(file.utf8), file: "f.csv").table
        #expect(table.rowCount == rows.count)
        for (column, named) in table.columns.enumerated() {
            let expected = rows.map { $0[column].isEmpty ? Value.null : .string($0[column]) }
            #expect(named.column.values == expected)
        }
    }
}
