import FeatureCompute
import FeatureModel
import OnlineStores

/// Encodes the rows of a push for one view of the online store.
struct PushEncoder {
    private let rows: PushRows
    private let view: PushPlan.View
    private let encoder: EntityKeyEncoder
    private let push: OnlinePush
    private var parser = CellParser()
    private var row: RowEncoder
    private var key: [UInt8] = []
    private var scratch: [UInt8] = []

    init(
        _ view: PushPlan.View,
        rows: PushRows,
        push: OnlinePush
    ) throws(OnlineStoreError) {
        self.rows = rows
        self.view = view
        self.push = push
        self.encoder = try EntityKeyEncoder(joinKeys: view.generation.joinKeys, viewID: push.viewID)
        self.row = RowEncoder(layout: push.rowLayout)
    }

    /// Adds a row.
    mutating func add(
        _ good: PushCheck.Good,
        pushedAt: Timestamp
    ) throws(OnlineStoreError) {
        self.key.removeAll(keepingCapacity: true)
        self.encoder.begin(into: &self.key)
        for position in self.encoder.order {
            let key = self.view.keys[position]
            let cell = self.cell(key, good.row)
            let type = CellType(key.type)
            if type.kind.physicalType == .integer {
                guard let value = self.parser.integer(cell, kind: type.kind) else {
                    throw self.unreadable(key)
                }
                self.encoder.append(integer: value, into: &self.key)
            } else {
                let bytes = try self.bytes(cell, key)
                self.encoder.append(bytes: bytes.span, into: &self.key)
            }
        }
        self.encoder.finish(into: &self.key)
        self.row.begin(
            eventTime: good.eventTime,
            writeTime: good.created ?? pushedAt.microseconds
        )
        for field in self.push.rowLayout.schema.fields {
            try self.append(field, good.row)
        }
        try self.row.finish()
        try self.push.add(key: self.key.span, row: self.row.bytes.span)
    }

    private mutating func append(_ field: RowField, _ row: Int) throws(OnlineStoreError) {
        guard
            let index = self.view.generation.view.schema.firstIndex(where: { $0.name == field.name }
            )
        else {
            return try self.row.appendNull()
        }
        let feature = self.view.features[index]
        let cell = self.cell(feature, row)
        if cell == .null { return try self.row.appendNull() }
        let type = CellType(feature.type)
        switch type.kind.physicalType {
        case .integer:
            guard let value = self.parser.integer(cell, kind: type.kind) else {
                throw self.unreadable(feature)
            }
            try self.row.append(integer: value)
        case .float:
            guard let value = self.parser.float(cell, kind: type.kind) else {
                throw self.unreadable(feature)
            }
            try self.row.append(float: value)
        case .bytes:
            let bytes = try self.bytes(cell, feature)
            try self.row.append(bytes: bytes.span)
        }
    }

    private mutating func bytes(
        _ cell: GivenCell,
        _ wanted: PushPlan.Cell
    ) throws(OnlineStoreError) -> [UInt8] {
        self.scratch.removeAll(keepingCapacity: true)
        let type = CellType(wanted.type)
        guard self.parser.appendCanonical(cell, type: type, to: &self.scratch) else {
            throw self.unreadable(wanted)
        }
        return self.scratch
    }

    private func cell(_ cell: PushPlan.Cell, _ row: Int) -> GivenCell {
        cell.position.map { self.rows.columns[$0].cells[row] } ?? .null
    }

    private func unreadable(_ cell: PushPlan.Cell) -> OnlineStoreError {
        OnlineStoreError(.invalidRow, "a value of column \"\(cell.name)\" is no \(cell.type)")
    }
}
