/// Where the texts of some cells of one column lie within the bytes of their table.
///
/// It is meant to be filled again and again, so that its memory is allocated once.
package struct CellPlaces: Sendable {
    /// The `start` of a cell that is null.
    private static let nullStart = UInt32.max
    /// The bit of an `end` that says that quotes in the text are written twice.
    private static let doubledQuotes: UInt32 = 1 << 31

    /// The largest position that a place can have.
    package static let maximumPosition = Int(Int32.max)

    /// Where each text begins, `[count]`.
    private(set) var starts: [UInt32] = []
    /// Where each text ends, `[count]`.
    private(set) var ends: [UInt32] = []
    /// How many cells are null.
    package private(set) var nullCount = 0
    /// How many cells have quotes that are written twice.
    private(set) var doubledCount = 0

    package init() {}

    /// How many cells there are.
    package var count: Int { self.starts.count }

    /// Forgets all cells.
    package mutating func removeAll() {
        self.starts.removeAll(keepingCapacity: true)
        self.ends.removeAll(keepingCapacity: true)
        self.nullCount = 0
        self.doubledCount = 0
    }

    /// Adds the cells of one column of a text whose fields stand one after the other, none of them
    /// in quotes; an empty one is a null.
    ///
    /// - Parameters:
    ///   - field: The position of the column.
    ///   - fieldCount: How many fields a row has.
    ///   - rows: The numbers of the rows.
    ///   - fieldEnds: Where the fields of all rows end; the next begins one byte later.
    ///   - firstStart: Where the first field of all begins.
    ///   - bytes: The text. A CR at the end of a row's last field is not of the field.
    package mutating func append(
        field: Int,
        of fieldCount: Int,
        rows: Span<Int32>,
        fieldEnds: Span<UInt32>,
        firstStart: Int,
        bytes: Span<UInt8>
    ) {
        let base = self.starts.count
        self.starts.append(contentsOf: repeatElement(Self.nullStart, count: rows.count))
        self.ends.append(contentsOf: repeatElement(0, count: rows.count))
        // Taken out for the loop, so that each is written to by itself.
        var startArray = self.starts
        var endArray = self.ends
        self.starts = []
        self.ends = []
        var starts = startArray.mutableSpan
        var ends = endArray.mutableSpan
        let isLast = field == fieldCount - 1
        var filled = 0
        for index in rows.indices {
            let place = Int(rows[index]) &* fieldCount &+ field
            let start =
                place == 0 ? UInt32(truncatingIfNeeded: firstStart) : fieldEnds[place &- 1] &+ 1
            var end = fieldEnds[place]
            if isLast, end > start, bytes[Int(end) &- 1] == 0x0D { end &-= 1 }
            if start == end { continue }
            starts[base &+ index] = start
            ends[base &+ index] = end
            filled &+= 1
        }
        self.nullCount += rows.count - filled
        self.starts = startArray
        self.ends = endArray
    }

    /// Adds a null.
    package mutating func appendNull() {
        self.starts.append(Self.nullStart)
        self.ends.append(0)
        self.nullCount += 1
    }

    /// Adds a cell.
    package mutating func append(_ range: Range<Int>, hasDoubledQuotes: Bool) {
        self.starts.append(UInt32(truncatingIfNeeded: range.lowerBound))
        let end = UInt32(truncatingIfNeeded: range.upperBound)
        self.ends.append(hasDoubledQuotes ? end | Self.doubledQuotes : end)
        if hasDoubledQuotes { self.doubledCount += 1 }
    }

    /// The first cell that is null.
    package var firstNull: Int? {
        self.nullCount == 0 ? nil : self.starts.firstIndex(of: Self.nullStart)
    }

    /// Whether a cell is null.
    @inline(__always)
    func isNull(_ index: Int) -> Bool { self.starts[index] == Self.nullStart }

    /// Whether quotes in a cell's text are written twice.
    @inline(__always)
    func hasDoubledQuotes(_ index: Int) -> Bool { self.ends[index] & Self.doubledQuotes != 0 }

    /// Where a cell's text lies, when it is not null.
    @inline(__always)
    func range(_ index: Int) -> Range<Int> {
        Int(self.starts[index])..<Int(self.ends[index] & ~Self.doubledQuotes)
    }
}
