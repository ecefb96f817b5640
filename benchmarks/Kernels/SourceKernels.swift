import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import OnlineStores
import TestSupport

/// Training sets and loads from sources of every kind, part by part.
let sourceKernels: [Kernel] = [
    Kernel(name: "entity-rows", element: "entity row") { directory in
        let bytes = Array(entityText(rowCount: 20_000).utf8)
        let view = try driverView(.csv(.init(path: writeHistory(in: directory))))
        let join = HistoricalJoin(reader: SourceReader(root: directory.path))
        return {
            let table = try EntityTable(bytes: bytes, file: "entities.csv")
            let rows = try EntityRows(table, timestampColumn: "event_timestamp")
            let prepared = try PreparedJoin(join, rows, views: [view])
            return Kernel.Result(elements: 20_000, checksum: prepared.plans[0].slots)
        }
    },
    joining("sqlite-seek", rowsPerSeek: 0) { .sqlite(try writeDatabase(in: $0)) },
    joining("cache-read", hasCache: true) { .csv(.init(path: try writeHistory(in: $0))) },
    Kernel(name: "sqlite-rows", element: "row") { directory in
        let view = try driverView(.sqlite(writeDatabase(in: directory)))
        let reader = SourceReader(root: directory.path)
        return { try scan(view, reader) }
    },
    Kernel(name: "cache-make", element: "row") { directory in
        let view = try driverView(.csv(.init(path: writeHistory(in: directory))))
        let cache = SourceCache(folder: directory.path + "/cache")
        let reader = SourceReader(root: directory.path, cache: cache)
        return {
            cache.removeAll()
            return try scan(view, reader)
        }
    },
    Kernel(name: "load-part", element: "row") { _ in
        // As many as a batch of a source has.
        let count = 16_384
        let table = try driverTable(rowCount: count)
        var random = SeededGenerator(seed: 14)
        let keys = (0..<count).map { _ in Int64.random(in: 0..<1_000_000, using: &random) }
        let times = (0..<count).map { _ in microseconds(secondOfMonth(&random)) }
        let rows = LoadRows(
            keys: [LoadColumn(.integers(keys), nullWords: nil)],
            fields: table.columns.map { LoadColumn($0.column) },
            eventTimes: times,
            writeTimes: times
        )
        let fields = driverFeatures.map { RowField(name: $0.name, type: $0.type) }
        let encoder = LoadPartEncoder(
            keys: try EntityKeyEncoder(joinKeys: driverKeys, viewID: 7),
            layout: RowLayout(schema: RowSchema(id: 1, fields: fields))
        )
        return {
            Kernel.Result(elements: count, checksum: try encoder.part(rows).size)
        }
    },
]

/// Joins 2,000 entity rows with 20,000 rows of a source.
private func joining(
    _ name: String,
    rowsPerSeek: Int = 16,
    hasCache: Bool = false,
    source: @escaping @Sendable (URL) throws -> DataSource.Kind
) -> Kernel {
    Kernel(name: name, element: "entity row") { directory in
        let view = try driverView(source(directory))
        let reader = SourceReader(
            root: directory.path,
            cache: hasCache ? SourceCache(folder: directory.path + "/cache") : nil,
            rowsPerSeek: rowsPerSeek
        )
        let table = try EntityTable(
            bytes: Array(entityText(rowCount: 2_000).utf8),
            file: "entities.csv"
        )
        let rows = try EntityRows(table, timestampColumn: "event_timestamp")
        let join = HistoricalJoin(reader: reader)
        // A cache of a file that was written just now is compared with its bytes at each use.
        if hasCache { Thread.sleep(forTimeInterval: 2.1) }
        _ = try join.run(rows, views: [view])
        return {
            let result = try join.run(rows, views: [view])
            return Kernel.Result(elements: 2_000, checksum: result.views[0].summary.matched)
        }
    }
}

/// Reads all rows of a view's source.
private func scan(_ view: HistoricalJoin.View, _ reader: SourceReader) throws -> Kernel.Result {
    let scan = SourceScan(source: view.source, joinKeys: view.joinKeys, features: view.schema)
    var report = ScanReport()
    var rows = 0
    try reader.scan(scan, report: &report) { rows += $0.rowCount }
    guard rows == 20_000 else { throw KernelError("rows are missing") }
    return Kernel.Result(elements: rows, checksum: report.rowsKept)
}

private func driverView(_ kind: DataSource.Kind) -> HistoricalJoin.View {
    HistoricalJoin.View(
        name: "driver_stats",
        source: DataSource(
            name: "history",
            kind: kind,
            timestampField: "event_timestamp",
            createdTimestampColumn: "created"
        ),
        joinKeys: driverKeys,
        ttlMicroseconds: 172_800_000_000,
        schema: driverFeatures,
        wanted: Array(driverFeatures.indices)
    )
}

private func writeHistory(in directory: URL) throws -> String {
    try writeHistory(rowCount: 20_000, keyCount: 1_000, in: directory)
}

/// The same rows as a table of SQLite, with an index on keys and times.
private func writeDatabase(in directory: URL) throws -> DataSource.SQLiteOptions {
    let history = try EntityTable(path: writeHistory(in: directory)).table
    let path = directory.path + "/history.db"
    try TableWriter.write(history, to: .sqlite(path: path, table: "texts"))
    let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
    // Every column of a text file is text: the types of these make numbers of what are some.
    let numbers = driverFeatures.filter { $0.type != .string }.map {
        ", \($0.name) \($0.type == .int64 ? "INTEGER" : "REAL")"
    }
    try database.execute(
        "CREATE TABLE history (driver_id INTEGER, event_timestamp TEXT, created TEXT"
            + numbers.joined() + ", city TEXT, vehicle_tag TEXT)"
    )
    try database.execute("INSERT INTO history SELECT * FROM texts")
    try database.execute("CREATE INDEX by_driver ON history (driver_id, event_timestamp)")
    return DataSource.SQLiteOptions(path: path, relation: .table("history"))
}

private func entityText(rowCount: Int) -> String {
    var random = SeededGenerator(seed: 13)
    var text = "driver_id,event_timestamp,label\n"
    for _ in 0..<rowCount {
        let driver = Int.random(in: 1_001..<2_001, using: &random)
        text += "\(driver),\(timeText(secondOfMonth(&random))),1\n"
    }
    return text
}

extension LoadColumn {
    fileprivate init(_ column: Column) {
        let values: Values =
            switch column.storage {
            case .integers(let values): .integers(values)
            case .floats(let values): .floats(values)
            case .bytes(let storage): .bytes(storage.bytes, ends: storage.ends)
            }
        self.init(values, nullWords: column.nulls?.words)
    }
}
