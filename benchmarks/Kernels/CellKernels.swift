import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport

/// Text to cells, cells to text.
let cellKernels: [Kernel] = [
    cellParsing("cell-int64", .int64) { "\(Int64.random(in: -1_000_000...1_000_000, using: &$0))" },
    cellParsing("cell-float64-short", .float64) {
        "0.\(Int.random(in: 100_000...999_999, using: &$0))"
    },
    cellParsing("cell-float64-long", .float64) { "\(Double.random(in: 0..<1, using: &$0))" },
    cellParsing("cell-bool", .bool) { Bool.random(using: &$0) ? "true" : "false" },
    cellParsing("cell-string", .string) { "city_\(Int.random(in: 10...99, using: &$0))" },
    cellParsing("cell-timestamp", .unixTimestamp) { timeText(secondOfMonth(&$0)) },
    Kernel(name: "csv-write", element: "cell") { _ in
        let table = try driverTable(rowCount: 1_024)
        return {
            var length = 0
            TableWriter.stream(table, as: .csv) { length += $0.count }
            return Kernel.Result(
                elements: table.rowCount * table.columns.count,
                checksum: length
            )
        }
    },
]

/// Reads 4,096 texts into a column.
private func cellParsing(
    _ name: String,
    _ type: ValueType,
    text: @escaping @Sendable (inout SeededGenerator) -> String
) -> Kernel {
    Kernel(name: name, element: "cell") { _ in
        var random = SeededGenerator(seed: 1)
        let texts = (0..<4_096).map { _ in Array(text(&random).utf8) }
        return {
            var parser = CellParser()
            var builder = ColumnBuilder(type: type)
            builder.reserveCapacity(texts.count)
            for text in texts where !parser.append(text.span, to: &builder) {
                throw KernelError("a text that is no \(type)")
            }
            return Kernel.Result(elements: texts.count, checksum: builder.count)
        }
    }
}
