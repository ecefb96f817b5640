import FeatureCompute
import FeatureModel
import Foundation
import TestSupport

/// The features of the benchmarks' one view: five floats, three integers, two strings.
let driverFeatures: [Field] = [
    Field(name: "conv_rate", type: .float64), Field(name: "acc_rate", type: .float64),
    Field(name: "avg_rating", type: .float64), Field(name: "total_earnings", type: .float64),
    Field(name: "idle_ratio", type: .float64), Field(name: "avg_daily_trips", type: .int64),
    Field(name: "completed_trips", type: .int64), Field(name: "last_order_id", type: .int64),
    Field(name: "city", type: .string), Field(name: "vehicle_tag", type: .string),
]

let driverKeys = [Entity.JoinKey(name: "driver_id", type: .int64)]

/// One row of history as text: features in the order of ``driverFeatures``.
func driverCells(_ random: inout SeededGenerator) -> [String] {
    [
        "0.\(Int.random(in: 100_000...999_999, using: &random))",
        Int.random(in: 0..<100, using: &random) == 0
            ? "" : "0.\(Int.random(in: 100_000...999_999, using: &random))",
        "\(Int.random(in: 1...4, using: &random)).\(Int.random(in: 10...99, using: &random))",
        "\(Int.random(in: 1...499, using: &random)).\(Int.random(in: 10...99, using: &random))",
        "\(Double.random(in: 0..<1, using: &random))",
        "\(Int.random(in: 0..<1_000, using: &random))",
        "\(Int.random(in: 0..<100_000, using: &random))",
        "\(Int.random(in: 1_000_000_000..<1_000_000_000_000, using: &random))",
        "city_\(Int.random(in: 10...59, using: &random))",
        "veh_\(Int.random(in: 100_000...199_999, using: &random))",
    ]
}

/// A second of January 2026.
func secondOfMonth(_ random: inout SeededGenerator) -> Int {
    Int.random(in: 0..<2_592_000, using: &random)
}

/// `2026-01-07 11:02:33`, a time of January 2026.
func timeText(_ second: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = second / 86_400 + 1
    return "2026-01-\(two(day)) \(two(second / 3_600 % 24)):\(two(second / 60 % 60))"
        + ":\(two(second % 60))"
}

/// Microseconds since 1970 of a second of January 2026.
func microseconds(_ second: Int) -> Int64 { (1_767_225_600 + Int64(second)) * 1_000_000 }

/// Writes history of some drivers, in no order, and names the file's path.
func writeHistory(rowCount: Int, keyCount: Int, in directory: URL) throws -> String {
    var random = SeededGenerator(seed: 2)
    var text =
        "driver_id,event_timestamp,created,"
        + driverFeatures.map(\.name)
        .joined(separator: ",") + "\n"
    for row in 0..<rowCount {
        let second = secondOfMonth(&random)
        // The first rows visit each driver once.
        let driver = row < keyCount ? row : Int.random(in: 0..<keyCount, using: &random)
        let cells = driverCells(&random).joined(separator: ",")
        text += "\(1_001 + driver),\(timeText(second)),\(timeText(second)),\(cells)\n"
    }
    let path = directory.appendingPathComponent("history.csv").path
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
}

/// The columns of such rows.
func driverTable(rowCount: Int) throws -> Table {
    var random = SeededGenerator(seed: 3)
    var parser = CellParser()
    var builders = driverFeatures.map { ColumnBuilder(type: $0.type) }
    for _ in 0..<rowCount {
        for (column, cell) in driverCells(&random).enumerated() {
            if cell.isEmpty {
                builders[column].appendNull()
            } else if !parser.append(Array(cell.utf8).span, to: &builders[column]) {
                throw KernelError("\(cell) is no \(driverFeatures[column].type)")
            }
        }
    }
    return Table(
        columns: zip(driverFeatures, builders).map { field, builder in
            Table.NamedColumn(name: field.name, column: builder.finish())
        },
        rowCount: rowCount
    )
}
