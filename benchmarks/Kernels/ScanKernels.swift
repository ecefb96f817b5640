import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport

/// Text files to columns.
let scanKernels: [Kernel] = [
    scan("csv-scan", features: []),
    scan("csv-rows", features: driverFeatures),
    Kernel(name: "key-dictionary-int64", element: "look-up") { _ in
        var random = SeededGenerator(seed: 4)
        var keys = KeyDictionary(keyTypes: [.int64])
        for key in 0..<Int64(10_000) { _ = keys.insert(1_001 + key) }
        let wanted = (0..<4_096).map { _ in Int64.random(in: 1_001..<12_001, using: &random) }
        return {
            var sum = 0
            for key in wanted { sum &+= Int(keys.id(of: key)) }
            return Kernel.Result(elements: wanted.count, checksum: sum)
        }
    },
    Kernel(name: "key-dictionary-string", element: "look-up") { _ in
        var random = SeededGenerator(seed: 5)
        var keys = KeyDictionary(keyTypes: [.string])
        func key(_ number: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            KeyDictionary.appendBytes(Array("driver-\(number)".utf8).span, to: &bytes)
            return bytes
        }
        for number in 0..<10_000 { _ = keys.insert(key(1_001 + number).span) }
        let wanted = (0..<4_096).map { _ in key(Int.random(in: 1_001..<12_001, using: &random)) }
        return {
            var sum = 0
            for key in wanted { sum &+= Int(keys.id(of: key.span)) }
            return Kernel.Result(elements: wanted.count, checksum: sum)
        }
    },
]

/// Reads a CSV source of 20,000 rows and 13 columns.
private func scan(_ name: String, features: [Field]) -> Kernel {
    Kernel(name: name, element: "row") { directory in
        let path = try writeHistory(rowCount: 20_000, keyCount: 200, in: directory)
        let source = DataSource(
            name: "history",
            kind: .csv(DataSource.CSVOptions(path: path)),
            timestampField: "event_timestamp",
            createdTimestampColumn: "created"
        )
        let reader = SourceReader(root: directory.path)
        return {
            let scan = SourceScan(source: source, joinKeys: driverKeys, features: features)
            var report = ScanReport()
            var rows = 0
            try reader.scan(scan, report: &report) { rows += $0.rowCount }
            guard rows == 20_000, report.bad == 0 else { throw KernelError("rows are missing") }
            return Kernel.Result(elements: rows, checksum: report.rowsKept)
        }
    }
}
