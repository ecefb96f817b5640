import FeastRegistry
import FeatureCompute
import FeatureDefinitions
import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport

/// Reads a CSV file as entity rows, and as history of columns of many types.
///
/// The first byte says how.
func readCSV(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
    let options = bytes.first ?? 0
    let text = Array(bytes.dropFirst())
    if let table = try? EntityTable(bytes: text, file: "e.csv") {
        precondition(table.table.rowCount == table.lines.count, "each row has a line")
    }
    _ = workspace.write(text, to: "s.csv")
    let source = DataSource(
        name: "s",
        kind: .csv(
            DataSource.CSVOptions(
                path: "s.csv",
                delimiter: options & 2 == 0 ? "," : ";",
                nullValues: options & 1 == 0 ? [""] : ["", "NA"]
            )
        ),
        timestampField: options & 4 == 0 ? "t" : nil,
        createdTimestampColumn: options & 8 == 0 ? nil : "c",
        timezone: options & 16 == 0 ? nil : "Europe/Oslo"
    )
    let types = ["int32", "float64", "string", "bool", "array(string)", "json", "decimal", "uuid"]
    let key = Entity.JoinKey(name: "id", type: options & 32 == 0 ? .int64 : .string)
    let scan = SourceScan(
        source: source,
        joinKeys: [key],
        features: types.enumerated().compactMap { index, name in
            ValueType(name).map { Field(name: "f\(index)", type: $0) }
        }
    )
    var report = ScanReport()
    var kept = 0
    let reader = SourceReader(
        root: workspace.directory,
        windowSize: options & 64 == 0 ? CSVWindowSize() : CSVWindowSize(initial: 64)
    )
    do {
        try reader.scan(scan, report: &report) { batch in
            kept += batch.rowCount
            for column in batch.keyColumns + batch.features {
                precondition(column.values.count == batch.rowCount, "each row has a cell")
            }
        }
        precondition(kept == report.rowsKept, "the rows that are counted are delivered")
    } catch {
        precondition(!"\(error)".isEmpty, "an error says something")
    }
    try? FileManager.default.removeItem(atPath: workspace.directory + "/s.csv")
}

/// Reads `feature_store.yaml`, where the text begins with `project:`, or definitions; what is
/// understood is written again and is the same then.
func readDefinitions(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
    let isConfiguration = bytes.starts(with: Array("project:".utf8))
    let plain = Array("project: p\n".utf8)
    _ = workspace.write(isConfiguration ? bytes : plain, to: "feature_store.yaml")
    let path = workspace.write(isConfiguration ? [] : bytes, to: "all.yaml")
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
        let loaded = try LoadedRepository(directory: workspace.directory, environment: [:])
        _ = try? RepositoryWriter().text(of: loaded.configuration)
        guard let text = try? RepositoryWriter().text(of: loaded.repository), !text.isEmpty
        else { return }
        _ = workspace.write(Array(text.utf8), to: "all.yaml")
        let again = try LoadedRepository(directory: workspace.directory, environment: [:])
        let isSame = again.repository.isIdentical(to: loaded.repository)
        precondition(isSame, "what is written is read")
    } catch {
        precondition(!error.diagnostics.isEmpty, "an error names the problems")
    }
}

/// Compiles an expression, and evaluates it for values of each class.
func readExpression(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self),
        let expression = try? SQLExpression(text),
        let database = try? SQLiteDatabase.forExpressions(),
        let statement = try? database.prepare(expression)
    else { return }
    for round in 0..<4 {
        for position in expression.names.indices {
            switch (round + position) % 4 {
            case 0: try? statement.bindNull(at: position + 1)
            case 1: try? statement.bind(Int64.min &+ Int64(position), at: position + 1)
            case 2: try? statement.bind(-1.5e300, at: position + 1)
            default: try? statement.bind("é\u{0}'x", at: position + 1)
            }
        }
        _ = try? statement.step()
        statement.reset()
    }
}

/// Imports a registry file of Feast; what comes out is right by our rules.
func readFeastRegistry(_ bytes: [UInt8]) {
    guard let imported = try? FeastImport(bytes) else { return }
    precondition(imported.repository.problems().isEmpty, "what is imported has no problems")
    _ = try? RepositoryWriter().text(of: imported.repository)
}
