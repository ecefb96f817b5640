import FeatureModel
import Foundation
import OfflineStores
import TestSupport
import Testing

/// Bytes that are no text in UTF-8: an answer in JSON could not hold them.
struct InvalidTextTests {
    @Test
    func `A row with a text that is no UTF-8 is bad, in a feature and in a key`() throws {
        try withTemporaryDirectory { directory in
            var bytes = Array("id,city,t\na,Bod".utf8)
            bytes += [0xC3, 0xB8]
            bytes += Array(",2024-01-01\nb,Bod".utf8) + [0xF8]
            bytes += Array(",2024-01-01\nc".utf8) + [0xFF]
            bytes += Array(",Oslo,2024-01-01\nd,Oslo,2024-01-01\n".utf8)
            try Data(bytes).write(to: directory.appendingPathComponent("s.csv"))
            let source = DataSource(
                name: "s",
                kind: .csv(.init(path: "s.csv")),
                timestampField: "t"
            )
            let scan = SourceScan(
                source: source,
                joinKeys: [Entity.JoinKey(name: "id", type: .string)],
                features: [Field(name: "city", type: .string)]
            )
            var report = ScanReport()
            var keys: [Value] = []
            let reader = SourceReader(root: directory.path)
            try reader.scan(scan, report: &report) { batch in
                keys += batch.keyColumns[0].values
            }
            #expect(keys == ["a", "d"])
            #expect(report.bad == 2)
            let samples = report.samples.map(\.description)
            #expect(samples.count == 2)
            #expect(samples.first?.contains("s.csv:3: column \"city\"") == true, "\(samples)")
            #expect(samples.last?.contains("s.csv:4: column \"id\"") == true, "\(samples)")
            #expect(samples.allSatisfy { $0.hasSuffix("is no text in UTF-8") }, "\(samples)")
        }
    }
}
