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
        /// The columns whose ids were forgotten since: views with such a key do not get the row,
        /// and history keeps it without them.
        fileprivate(set) var forgotten: Set<String> = []

        init(row: Int, eventTime: Int64, created: Int64?) {
            self.row = row
            self.eventTime = eventTime
            self.created = created
        }

        /// Whether a view does not get the row.
        func isForgotten(for view: PushPlan.View) -> Bool {
            !self.forgotten.isEmpty && view.keys.contains { self.forgotten.contains($0.name) }
        }
    }

    private(set) var good: [Good] = []
    private(set) var rejects: [PushLog.Reject] = []
    /// The rows of entities that were forgotten since the rows' times: nothing keeps them.
    private(set) var forgotten: [Int] = []

    init(_ plan: PushPlan, rows: PushRows, forgotten tombstones: Tombstones = Tombstones()) {
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
            var good = Good(row: row, eventTime: eventTime, created: created)
            if !tombstones.isEmpty {
                good.forgotten = Self.forgottenColumns(
                    of: good,
                    in: rows,
                    plan: plan,
                    tombstones,
                    parser: &parser
                )
            }
            if plan.views.allSatisfy({ good.isForgotten(for: $0) }) {
                self.forgotten.append(row)
            } else {
                self.good.append(good)
            }
        }
    }

    /// The columns of a row whose ids were forgotten after the row's time.
    ///
    /// A row of a static table is as old as its created time; without one it is from now.
    private static func forgottenColumns(
        of good: Good,
        in rows: PushRows,
        plan: PushPlan,
        _ tombstones: Tombstones,
        parser: inout CellParser
    ) -> Set<String> {
        guard let time = plan.time == nil ? good.created : good.eventTime else { return [] }
        var columns: Set<String> = []
        for view in plan.views {
            for (cell, key) in zip(view.keys, view.generation.joinKeys) {
                guard let position = cell.position else { continue }
                let given = rows.columns[position].cells[good.row]
                let type = CellType(key.type)
                var id: [UInt8] = []
                if type.kind.physicalType == .integer {
                    guard let value = parser.integer(given, kind: type.kind) else { continue }
                    Tombstones.append(id: value, to: &id)
                } else if !parser.appendCanonical(given, type: type, to: &id) {
                    continue
                }
                let limit = tombstones.time(ofJoinKey: Array(key.name.utf8), id: id)
                if let limit, time <= limit { columns.insert(cell.name) }
            }
        }
        return columns
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
            if good.forgotten.contains(wanted.name) { return .null }
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
