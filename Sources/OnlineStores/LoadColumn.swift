/// The values of one join key or field of some rows that are to be loaded.
package struct LoadColumn: Sendable {
    /// How the values lie in memory.
    package enum Values: Sendable {
        /// int32, int64, bool (0 or 1), unix_timestamp (microseconds).
        case integers([Int64])
        /// float32 (widened) and float64.
        case floats([Double])
        /// All other types: the bytes end to end, and where each value ends.
        case bytes([UInt8], ends: [Int])
    }

    let values: Values
    /// One bit a row, 64 to a word, the first row in the lowest bit; 1 = null.
    private let nullWords: [UInt64]?

    /// - Parameters:
    ///   - values: One a row, something also for a null.
    ///   - nullWords: One bit a row, 64 to a word, the first row in the lowest bit, 1 for null;
    ///     `nil` when nothing is null.
    package init(_ values: Values, nullWords: [UInt64]?) {
        self.values = values
        self.nullWords = nullWords.flatMap { $0.allSatisfy { $0 == 0 } ? nil : $0 }
    }

    /// How many rows there are.
    var count: Int {
        switch self.values {
        case .integers(let values): values.count
        case .floats(let values): values.count
        case .bytes(_, let ends): ends.count
        }
    }

    var hasNulls: Bool { self.nullWords != nil }

    /// One byte a row, 1 for null; `nil` when nothing is null.
    var nullFlags: [UInt8]? {
        guard let words = self.nullWords else { return nil }
        return (0..<self.count).map { UInt8(words[$0 >> 6] >> UInt64($0 & 63) & 1) }
    }
}

/// Some rows that are to be loaded, column by column, in the order of their source.
package struct LoadRows: Sendable {
    let keys: [LoadColumn]
    let fields: [LoadColumn]
    let eventTimes: [Int64]
    let writeTimes: [Int64]?

    /// - Parameters:
    ///   - keys: The join keys in the order of ``EntityKeyEncoder/joinKeys``, without nulls.
    ///   - fields: The fields in the order of the schema.
    ///   - eventTimes: When each row became true, in microseconds since 1970.
    ///   - writeTimes: When each row was created, `Int64.min` for no such time; `nil` when no row
    ///     has one.
    package init(
        keys: [LoadColumn],
        fields: [LoadColumn],
        eventTimes: [Int64],
        writeTimes: [Int64]?
    ) {
        precondition(keys.allSatisfy { !$0.hasNulls }, "a join key is not null")
        precondition(
            (keys + fields).allSatisfy { $0.count == eventTimes.count }
                && writeTimes?.count ?? eventTimes.count == eventTimes.count,
            "all columns have the same rows"
        )
        self.keys = keys
        self.fields = fields
        self.eventTimes = eventTimes
        self.writeTimes = writeTimes
    }

    /// How many rows there are.
    var count: Int { self.eventTimes.count }

    /// How new a row is.
    func age(of row: Int) -> RowAge {
        RowAge(eventTime: self.eventTimes[row], writeTime: self.writeTimes?[row] ?? .min)
    }
}
