import FeatureModel
import NativeStorage
import OnlineStores
import Testing

/// One row as a test thinks of it: a driver's rating at a time.
struct TestRow: Equatable {
    var id: Int64
    var eventTime: Int64
    var writeTime: Int64
    var rating: Int64
}

let driverKey = Entity.JoinKey(name: "driver_id", type: .int64)

func ratings(
    identity: String = "source",
    fields: [Field] = [Field(name: "rating", type: .int64)],
    name: String = "ratings"
) -> OnlineViewDescription {
    OnlineViewDescription(name: name, joinKeys: [driverKey], identity: identity, fields: fields)
}

func record(end: Int64 = 0) -> LoadRecord {
    LoadRecord(
        windowEnd: Timestamp(microseconds: end),
        finishedAt: Timestamp(microseconds: end),
        rowsRead: 3,
        sourceState: "at \(end)"
    )
}

/// A key and a row whose fields are the id for strings, and the rating for all else.
func encoded(
    _ row: TestRow,
    viewID: UInt32,
    layout: RowLayout
) throws -> (
    key: [UInt8], row: [UInt8]
) {
    var key: [UInt8] = []
    let keyEncoder = try EntityKeyEncoder(joinKeys: [driverKey], viewID: viewID)
    try keyEncoder.append(values: [.integer(row.id)], into: &key)
    var encoder = RowEncoder(layout: layout)
    let cells = layout.schema.fields.map { field -> TestCell in
        field.type == .string ? .bytes(Array("\(row.id)".utf8)) : .integer(row.rating)
    }
    try encoder.encode(cells, eventTime: row.eventTime, writeTime: row.writeTime)
    return (key, encoder.bytes)
}

/// Rows as a load takes them; the fields are as in `encoded(_:viewID:layout:)`.
func part(_ rows: [TestRow], viewID: UInt32, layout: RowLayout) throws -> LoadPart {
    let encoder = LoadPartEncoder(
        keys: try EntityKeyEncoder(joinKeys: [driverKey], viewID: viewID),
        layout: layout
    )
    let fields = layout.schema.fields.map { field -> LoadColumn in
        guard field.type == .string else {
            return LoadColumn(.integers(rows.map(\.rating)), nullWords: nil)
        }
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for row in rows {
            bytes += "\(row.id)".utf8
            ends.append(bytes.count)
        }
        return LoadColumn(.bytes(bytes, ends: ends), nullWords: nil)
    }
    return try encoder.part(
        LoadRows(
            keys: [LoadColumn(.integers(rows.map(\.id)), nullWords: nil)],
            fields: fields,
            eventTimes: rows.map(\.eventTime),
            writeTimes: rows.map(\.writeTime)
        )
    )
}

extension OnlineLoad {
    func add(_ rows: [TestRow]) throws {
        try self.add(part(rows, viewID: self.viewID, layout: self.rowLayout))
    }

    func add(_ row: TestRow) throws {
        try self.add([row])
    }
}

extension OnlinePush {
    func add(_ row: TestRow) throws {
        let encoded = try encoded(row, viewID: self.viewID, layout: self.rowLayout)
        try self.add(key: encoded.key.span, row: encoded.row.span)
    }
}

extension RocksDBOnlineStore {
    /// Loads rows, some at a time, and commits them.
    @discardableResult
    func load(
        _ rows: [TestRow],
        into description: OnlineViewDescription = ratings(),
        end: Int64 = 0,
        partCount: Int = 7
    ) throws -> LoadRecord {
        let load = try self.beginLoad(description)
        for start in stride(from: 0, to: rows.count, by: partCount) {
            try load.add(Array(rows[start..<min(start + partCount, rows.count)]))
        }
        return try load.commit(record(end: end))
    }

    /// Pushes rows.
    @discardableResult
    func push(
        _ rows: [TestRow],
        into description: OnlineViewDescription = ratings()
    ) throws -> [PushOutcome] {
        let push = try self.beginPush(description)
        for row in rows {
            try push.add(row)
        }
        return try self.write([push])[0]
    }

    /// The rows of the ids, by one batched read.
    func rows(_ ids: [Int64], of view: StoredView) throws -> [TestRow?] {
        let encoder = try EntityKeyEncoder(joinKeys: view.joinKeys, viewID: view.viewID)
        var keys = KeyBatch()
        for id in ids {
            try encoder.append(values: [.integer(id)], into: &keys.bytes)
            keys.endKey()
        }
        var batch = RowBatch()
        try self.read(keys, into: &batch)
        #expect(batch.count == ids.count)
        return try ids.indices.map { index in
            guard let range = batch.range(at: index) else { return nil }
            return try testRow(ids[index], Array(batch.bytes[range]), view)
        }
    }

    /// All rows of a view, by a scan.
    func allRows(of view: StoredView) throws -> [TestRow] {
        let encoder = try EntityKeyEncoder(joinKeys: view.joinKeys, viewID: view.viewID)
        var found: [(key: [UInt8], row: [UInt8])] = []
        try self.iterate(view) { key, row in
            found.append((key.indices.map { key[$0] }, row.indices.map { row[$0] }))
            return true
        }
        return try found.map { entry in
            guard case .integer(let id)? = try encoder.decode(entry.key.span).first else {
                throw OnlineStoreError(.corruptKey, "no id")
            }
            return try testRow(id, entry.row, view)
        }
    }
}

private func testRow(_ id: Int64, _ row: [UInt8], _ view: StoredView) throws -> TestRow {
    let header = try RowHeader(row.span)
    let schema = try #require(view.schema(id: header.schemaID))
    let layout = RowLayout(schema: schema)
    try layout.validate(row.span)
    let index = try #require(schema.fields.firstIndex { $0.name == "rating" })
    guard case .integer(let rating) = try layout.testCell(index, in: row) else {
        throw OnlineStoreError(.corruptRow, "no rating")
    }
    return TestRow(
        id: id,
        eventTime: header.eventTime,
        writeTime: header.writeTime,
        rating: rating
    )
}
