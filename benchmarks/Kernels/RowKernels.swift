import FeatureCompute
import FeatureModel
import Foundation
import OnlineStores
import TestSupport

/// The online store's keys and rows, in memory.
let rowKernels: [Kernel] = [
    Kernel(name: "row-encode", element: "row") { _ in
        let rows = try DriverRows(count: 1_024)
        return {
            var encoder = RowEncoder(layout: rows.layout)
            var length = 0
            for row in 0..<rows.count {
                try rows.encode(row, with: &encoder)
                length += encoder.bytes.count
            }
            return Kernel.Result(elements: rows.count, checksum: length)
        }
    },
    Kernel(name: "row-decode", element: "row") { _ in
        let rows = try DriverRows(count: 1_024)
        let encoded = try rows.encoded()
        let layout = rows.layout
        return {
            var sum = 0
            for row in encoded {
                for field in driverFeatures.indices {
                    switch try layout.cell(field, in: row.span) {
                    case .null: break
                    case .integer(let value): sum &+= Int(truncatingIfNeeded: value)
                    case .float(let value): sum &+= Int(truncatingIfNeeded: value.bitPattern)
                    case .bytes(let range): sum &+= range.count
                    }
                }
            }
            return Kernel.Result(elements: encoded.count, checksum: sum)
        }
    },
    Kernel(name: "row-checksum", element: "row") { _ in
        let encoded = try DriverRows(count: 1_024).encoded()
        return {
            var sum = 0
            for row in encoded {
                sum &+= Int(truncatingIfNeeded: try RowHeader(validating: row.span).eventTime)
            }
            return Kernel.Result(elements: encoded.count, checksum: sum)
        }
    },
    Kernel(name: "key-encode", element: "key") { _ in
        let encoder = try EntityKeyEncoder(joinKeys: driverKeys, viewID: 7)
        var random = SeededGenerator(seed: 8)
        let ids = (0..<4_096).map { _ in Int64.random(in: 0..<1_000_000, using: &random) }
        return {
            var bytes: [UInt8] = []
            for id in ids {
                encoder.begin(into: &bytes)
                encoder.append(integer: id, into: &bytes)
                encoder.finish(into: &bytes)
            }
            return Kernel.Result(elements: ids.count, checksum: bytes.count)
        }
    },
]

/// Rows of the benchmarks' view, as values.
struct DriverRows {
    let layout = RowLayout(
        schema: RowSchema(
            id: 1,
            fields: driverFeatures.map { RowField(name: $0.name, type: $0.type) }
        )
    )
    let count: Int
    private let cells: [[Cell]]

    private enum Cell {
        case null
        case integer(Int64)
        case float(Double)
        case text([UInt8])
    }

    init(count: Int) throws {
        self.count = count
        var random = SeededGenerator(seed: 9)
        self.cells = (0..<count).map { _ in
            zip(driverFeatures, driverCells(&random)).map { field, text in
                if text.isEmpty { return .null }
                switch field.type {
                case .int64: return Int64(text).map { .integer($0) } ?? .null
                case .float64: return Double(text).map { .float($0) } ?? .null
                default: return .text(Array(text.utf8))
                }
            }
        }
    }

    /// Encodes one row; its time is its index.
    func encode(_ row: Int, with encoder: inout RowEncoder) throws {
        encoder.begin(eventTime: Int64(row), writeTime: Int64(row))
        for cell in self.cells[row] {
            switch cell {
            case .null: try encoder.appendNull()
            case .integer(let value): try encoder.append(integer: value)
            case .float(let value): try encoder.append(float: value)
            case .text(let bytes): try encoder.append(bytes: bytes.span)
            }
        }
        try encoder.finish()
    }

    func encoded() throws -> [[UInt8]] {
        var encoder = RowEncoder(layout: self.layout)
        return try (0..<self.count).map { row in
            try self.encode(row, with: &encoder)
            return encoder.bytes
        }
    }
}
