import FeatureCompute
import FeatureModel
import OfflineStores

/// Tells the rows of a push that can be used from those that cannot.
struct PushCheck {
    /// A row that can be used.
    struct Good {
        /// Its number among the rows.
        let row: Int
        /// The event time in microseconds; 0 for a static table.
        let eventTime: Int64
        /// The created time; `nil` when the row gives none.
        let created: Int64?
    }

    private(set) var good: [Good] = []
    private(set) var rejects: [PushLog.Reject] = []

    init(_ plan: PushPlan, rows: PushRows) {
        var parser = CellParser()
        for row in 0..<rows.rowCount {
            var eventTime: Int64 = 0
            var created: Int64?
            let flaw = Self.flaw(
                of: row,
                in: rows,
                plan: plan,
                parser: &parser,
                eventTime: &eventTime,
                created: &created
            )
            if let flaw {
                self.rejects.append(
                    PushLog.Reject(
                        row: row,
                        column: flaw.column,
                        reason: flaw.reason,
                        cells: rows.object(at: row)
                    )
                )
                continue
            }
            self.good.append(Good(row: row, eventTime: eventTime, created: created))
        }
    }

    private static func flaw(
        of row: Int,
        in rows: PushRows,
        plan: PushPlan,
        parser: inout CellParser,
        eventTime: inout Int64,
        created: inout Int64?
    ) -> (column: String, reason: String)? {
        func cell(_ cell: PushPlan.Cell) -> GivenCell {
            cell.position.map { rows.columns[$0].cells[row] } ?? .null
        }
        func name(_ cell: PushPlan.Cell) -> String {
            cell.position.map { rows.columns[$0].name } ?? cell.name
        }
        func mismatch(_ wanted: PushPlan.Cell, _ what: String) -> (String, String) {
            (name(wanted), "\"\(shortened(cell(wanted).description))\" is no \(what)")
        }
        for view in plan.views {
            for key in view.keys {
                let given = cell(key)
                if given == .null { return (name(key), "the join key is null") }
                if !parser.canRead(given, as: key.type) { return mismatch(key, "\(key.type)") }
            }
        }
        if let wanted = plan.time {
            let given = cell(wanted)
            if given == .null { return (name(wanted), "the event time is null") }
            guard let time = parser.integer(given, kind: .unixTimestamp) else {
                return mismatch(wanted, "time")
            }
            eventTime = time
        }
        if let wanted = plan.created, cell(wanted) != .null {
            guard let time = parser.integer(cell(wanted), kind: .unixTimestamp) else {
                return mismatch(wanted, "time")
            }
            created = time
        }
        for view in plan.views {
            for feature in view.features {
                let given = cell(feature)
                if given != .null, !parser.canRead(given, as: feature.type) {
                    return mismatch(feature, "\(feature.type)")
                }
            }
        }
        return nil
    }

    /// A good row as the push log keeps it: in the order of the plan's stored columns, its times
    /// spelt out.
    func storedCells(of good: Good, in rows: PushRows, plan: PushPlan) -> [GivenCell] {
        plan.stored.map { wanted in
            if wanted.name == plan.time?.name {
                return .time(Timestamp(microseconds: good.eventTime))
            }
            if wanted.name == plan.created?.name {
                return good.created.map { .time(Timestamp(microseconds: $0)) } ?? .null
            }
            return wanted.position.map { rows.columns[$0].cells[good.row] } ?? .null
        }
    }
}

extension CellParser {
    /// Whether a cell can be of a type.
    fileprivate mutating func canRead(_ cell: GivenCell, as type: ValueType) -> Bool {
        let type = CellType(type)
        switch type.kind.physicalType {
        case .integer: return self.integer(cell, kind: type.kind) != nil
        case .float: return self.float(cell, kind: type.kind) != nil
        case .bytes:
            if case .text = cell, type.kind == .string { return true }
            var bytes: [UInt8] = []
            return self.appendCanonical(cell, type: type, to: &bytes)
        }
    }
}

/// A cell's text for a message: at most forty letters, on one line.
private func shortened(_ text: String) -> String {
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "⏎")
    return line.count > 40 ? line.prefix(40) + "…" : line
}
