import FeatureCompute
import FeatureModel
import NativeStorage

/// The current row of a statement as a row of a source.
///
/// A value goes by the class that SQLite stored it with: integers and reals are numbers and epoch
/// seconds, text is read as a CSV field would be, a blob is bytes and nothing else.
struct SQLiteRow: ~Copyable, SourceRow {
    private let statement: SQLiteStatement
    private let relation: String
    /// Where the wanted columns of the source stand in the statement.
    private let positions: [Int]
    /// Where the rowid stands, if there is one.
    private let rowIDPosition: Int?
    /// The number of the row, from 1, for a relation without rowids.
    private var number = 0

    init(
        statement: consuming SQLiteStatement,
        relation: String,
        positions: [Int],
        rowIDPosition: Int?
    ) {
        self.statement = statement
        self.relation = relation
        self.positions = positions
        self.rowIDPosition = rowIDPosition
    }

    /// Moves to the next row.
    ///
    /// - Returns: Whether there is one.
    mutating func step() throws(OfflineStoreError) -> Bool {
        self.number += 1
        do { return try self.statement.step() } catch { throw OfflineStoreError(error) }
    }

    /// Begins anew with other values for the statement's parameters.
    mutating func restart(with values: [SQLiteKeyPart]) throws(OfflineStoreError) {
        self.statement.reset()
        do throws(SQLiteError) {
            for (index, value) in values.enumerated() {
                try value.bind(to: self.statement, at: index + 1)
            }
        } catch {
            throw OfflineStoreError(error)
        }
    }

    /// A cell as the index sorts it.
    enum IndexedValue {
        case number
        case text([UInt8])
        case other
    }

    /// What class a cell is of.
    func value(at column: Int) -> IndexedValue {
        let position = self.positions[column]
        switch self.statement.storageType(at: position) {
        case .integer, .real: return .number
        case .text:
            var bytes: [UInt8] = []
            self.statement.withBytes(at: position) { bytes.append(span: $0) }
            return .text(bytes)
        case .blob, .null: return .other
        }
    }

    mutating func isNull(at column: Int) -> Bool {
        self.statement.storageType(at: self.positions[column]) == .null
    }

    mutating func integer(at column: Int, kind: CellKind, parser: inout CellParser) -> Int64? {
        let position = self.positions[column]
        switch self.statement.storageType(at: position) {
        case .integer:
            let value = self.statement.integer(at: position)
            switch kind {
            case .int32: return Int32(exactly: value) == nil ? nil : value
            case .bool: return value == 0 || value == 1 ? value : nil
            case .unixTimestamp:
                let (time, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
                return overflow ? nil : Self.instant(time)
            default: return value
            }
        case .real:
            let value = self.statement.real(at: position)
            switch kind {
            case .bool: return nil
            case .unixTimestamp:
                let time = (value * 1_000_000).rounded(.toNearestOrEven)
                return Int64(exactly: time).flatMap(Self.instant)
            case .int32: return Int32(exactly: value).map { Int64($0) }
            default: return Int64(exactly: value)
            }
        case .text:
            return self.statement.withBytes(at: position) { parser.integer($0, kind: kind) }
        case .blob, .null:
            return nil
        }
    }

    mutating func float(at column: Int, kind: CellKind, parser: inout CellParser) -> Double? {
        let position = self.positions[column]
        switch self.statement.storageType(at: position) {
        case .integer:
            let value = self.statement.integer(at: position)
            return kind == .float32 ? Double(Float(value)) : Double(value)
        case .real:
            let value = self.statement.real(at: position)
            guard kind == .float32 else { return value }
            let single = Float(value)
            return single.isFinite == value.isFinite ? Double(single) : nil
        case .text:
            return self.statement.withBytes(at: position) { parser.float($0, kind: kind) }
        case .blob, .null:
            return nil
        }
    }

    mutating func appendBytes(
        at column: Int,
        type: CellType,
        parser: inout CellParser,
        to bytes: inout [UInt8]
    ) -> Bool {
        let position = self.positions[column]
        switch self.statement.storageType(at: position) {
        case .text:
            return self.statement.withBytes(at: position) { text in
                parser.appendCanonical(text, type: type, to: &bytes)
            }
        case .blob where type.kind == .bytes:
            self.statement.withBytes(at: position) { bytes.append(span: $0) }
            return true
        case .integer where type.kind == .decimal || type.kind == .json:
            CellFormatter.append(integer: self.statement.integer(at: position), to: &bytes)
            return true
        default:
            return false
        }
    }

    mutating func sampledValue(at column: Int) -> SampledValue {
        let position = self.positions[column]
        switch self.statement.storageType(at: position) {
        case .integer: return .integer(self.statement.integer(at: position))
        case .real: return .real
        case .blob: return .blob
        case .text, .null: return .text(self.statement.text(at: position) ?? "")
        }
    }

    mutating func text(at column: Int) -> String {
        let position = self.positions[column]
        if self.statement.storageType(at: position) == .blob { return "(blob)" }
        return self.statement.text(at: position) ?? ""
    }

    func place() -> String {
        guard let position = self.rowIDPosition else {
            return "\(self.relation), row \(self.number)"
        }
        return "\(self.relation), rowid \(self.statement.integer(at: position))"
    }

    /// The rowid.
    var ordinal: Int64 {
        self.rowIDPosition.map { self.statement.integer(at: $0) } ?? Int64(self.number)
    }

    private static func instant(_ time: Int64) -> Int64? {
        let all = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        return all.contains(time) ? time : nil
    }
}
