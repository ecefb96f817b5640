public import FeatureCompute
import FeatureModel

/// Where pushed rows go.
public enum PushTarget: String, Codable, Hashable, Sendable, CaseIterable {
    /// To the online store, which serves them from their time on; history does not get them.
    case online
    /// To history alone: training sets see them at once, reads with the next load.
    case offline
    /// To both.
    case onlineAndOffline = "online_and_offline"

    /// Whether the online store gets the rows.
    public var includesOnline: Bool { self != .offline }
    /// Whether history gets the rows.
    public var includesOffline: Bool { self != .online }
}

/// Some rows to be pushed.
public struct PushRequest: Sendable {
    /// What the rows are pushed to.
    public enum Destination: Hashable, Sendable {
        /// A push source: every view that names it or its batch source gets the rows.
        case source(String)
        /// One feature view.
        case view(String)
    }

    /// What the rows are pushed to.
    public var destination: Destination
    /// The rows.
    public var rows: PushRows
    /// Which stores get them; a view by itself has the online store only.
    public var target: PushTarget
    /// Tells this push from all others: the same key again writes nothing and has the same answer.
    public var idempotencyKey: String?

    /// A request.
    public init(
        _ destination: Destination,
        rows: PushRows,
        to target: PushTarget = .online,
        idempotencyKey: String? = nil
    ) {
        self.destination = destination
        self.rows = rows
        self.target = target
        self.idempotencyKey = idempotencyKey
    }
}

/// Rows as a client gives them: named columns of cells whose types nobody has checked yet.
///
/// A cell is read as the type that the views declare: a whole number exactly, a time as RFC 3339 or
/// in seconds since 1970, bytes in base64, and a text as a field of a CSV file would be. A time
/// without zone is UTC.
public struct PushRows: Sendable {
    package struct Column: Sendable {
        package var name: String
        package var cells: [GivenCell]

        package init(name: String, cells: [GivenCell]) {
            self.name = name
            self.cells = cells
        }
    }

    package private(set) var columns: [Column]
    /// How many rows there are.
    public let rowCount: Int

    /// Rows of boxed values.
    ///
    /// - Throws: `invalidArgument` when the columns do not all have as many values, or two have one
    ///   name.
    public init(_ columns: KeyValuePairs<String, [Value]>) throws(FeatureStoreError) {
        try self.init(columns.map { ($0.key, $0.value) })
    }

    /// Rows of boxed values, in columns whose names are not known beforehand.
    ///
    /// - Throws: As for columns that are written out.
    public init(_ columns: [(name: String, values: [Value])]) throws(FeatureStoreError) {
        try self.init(
            columns: columns.map { name, values in
                Column(name: name, cells: values.map { GivenCell($0) })
            }
        )
    }

    /// The rows of a table.
    public init(_ table: Table) {
        self.rowCount = table.rowCount
        self.columns = table.columns.map { named in
            Column(name: named.name, cells: named.column.values.map { GivenCell($0) })
        }
    }

    package init(columns: [Column]) throws(FeatureStoreError) {
        var names: Set<[UInt8]> = []
        for column in columns {
            guard names.insert(Array(column.name.utf8)).inserted else {
                throw FeatureStoreError(
                    code: .invalidArgument,
                    message: "the rows have two columns \"\(column.name)\"; remove one of them"
                )
            }
        }
        if let first = columns.first,
            let other = columns.first(where: { $0.cells.count != first.cells.count })
        {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "All arrays must be of the same length: \"\(first.name)\" has "
                    + "\(countedNoun(first.cells.count, "value")), but \"\(other.name)\" has "
                    + "\(other.cells.count)."
            )
        }
        self.columns = columns
        self.rowCount = columns.first?.cells.count ?? 0
    }

    /// Some of the rows, in their order.
    public subscript(range: Range<Int>) -> PushRows {
        var part = self
        part = PushRows(
            unchecked: part.columns.map {
                Column(name: $0.name, cells: Array($0.cells[range]))
            },
            rowCount: range.count
        )
        return part
    }

    private init(unchecked columns: [Column], rowCount: Int) {
        self.columns = columns
        self.rowCount = rowCount
    }

    /// The column of that name, code point by code point.
    func position(of name: String) -> Int? {
        self.columns.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// One row as a JSON object.
    func object(at row: Int) -> String {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, column) in self.columns.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            GivenCell.text(column.name).append(to: &text)
            text.append(UInt8(ascii: ":"))
            column.cells[row].append(to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Sixteen bytes, in hexadecimal, that differ when the rows do.
    func fingerprint(_ words: [String]) -> String {
        // FNV-1a, twice: an accident is out of question, and nobody gains by a forgery.
        var low: UInt64 = 0xcbf2_9ce4_8422_2325
        var high: UInt64 = 0x6c62_272e_07bb_0142
        var text: [UInt8] = []
        func mix() {
            for byte in text {
                low = (low ^ UInt64(byte)) &* 0x100_0000_01b3
                high = (high &+ UInt64(byte) &+ 1) &* 0x9e37_79b9_7f4a_7c15
                high ^= high >> 29
            }
            text.removeAll(keepingCapacity: true)
        }
        for word in words + self.columns.map(\.name) {
            GivenCell.text(word).append(to: &text)
            mix()
        }
        for row in 0..<self.rowCount {
            for column in self.columns {
                column.cells[row].append(to: &text)
                text.append(UInt8(ascii: ","))
            }
            mix()
        }
        return String(low, radix: 16) + "-" + String(high, radix: 16)
    }
}
