import FeatureModel

/// One feature of the rows that are held, with room that is used again.
struct CandidateColumn: Sendable {
    /// Bytes that nobody needs any more may be as many as this, or as those that are needed.
    private static let toleratedGarbage = 1 << 16

    private let type: ValueType
    private var integers: [Int64] = []
    private var floats: [Double] = []
    private var bytes: [UInt8] = []
    private var byteRanges: [Range<Int>] = []
    private var liveBytes = 0
    /// Made when the first null comes.
    private var nulls: Bitmap?
    private var count = 0

    init(type: ValueType) {
        self.type = type
    }

    /// How many bytes it takes.
    var size: Int {
        (self.integers.count + self.floats.count) * 8 + self.byteRanges.count * 16
            + self.bytes.count
    }

    /// Writes values of a column into places.
    ///
    /// - Parameters:
    ///   - column: A column of the same type.
    ///   - rows: Which values.
    ///   - places: Where each goes; one that comes twice keeps the last.
    ///   - placeCount: How many places there are from now on.
    mutating func write(_ column: Column, rows: [Int32], to places: [Int32], placeCount: Int) {
        precondition(column.type == self.type, "one type a column")
        switch column.storage {
        case .integers(let values):
            Self.write(values, rows, to: places, of: &self.integers, count: placeCount, empty: 0)
        case .floats(let values):
            Self.write(values, rows, to: places, of: &self.floats, count: placeCount, empty: 0)
        case .bytes(let values):
            self.write(values, rows, to: places, count: placeCount)
        }
        self.writeNulls(column, rows, to: places, count: placeCount)
        self.count = placeCount
    }

    private static func write<Cell>(
        _ values: [Cell],
        _ rows: [Int32],
        to places: [Int32],
        of cells: inout [Cell],
        count: Int,
        empty: Cell
    ) {
        if count > cells.count {
            cells.append(contentsOf: repeatElement(empty, count: count - cells.count))
        }
        for index in rows.indices {
            cells[Int(places[index])] = values[Int(rows[index])]
        }
    }

    private mutating func write(
        _ values: Column.ByteStorage,
        _ rows: [Int32],
        to places: [Int32],
        count: Int
    ) {
        if count > self.byteRanges.count {
            self.byteRanges.append(
                contentsOf: repeatElement(0..<0, count: count - self.byteRanges.count)
            )
        }
        for index in rows.indices {
            let source = values.range(at: Int(rows[index]))
            let place = Int(places[index])
            self.liveBytes += source.count - self.byteRanges[place].count
            let start: Int
            if source.count <= self.byteRanges[place].count {
                start = self.byteRanges[place].lowerBound
                for offset in 0..<source.count {
                    self.bytes[start + offset] = values.bytes[source.lowerBound + offset]
                }
            } else {
                start = self.bytes.count
                self.bytes.append(span: values.bytes.span.extracting(source))
            }
            self.byteRanges[place] = start..<(start + source.count)
        }
        if self.bytes.count - self.liveBytes > max(self.liveBytes, Self.toleratedGarbage) {
            self.compact()
        }
    }

    /// Leaves out the bytes that no place has.
    private mutating func compact() {
        var packed: [UInt8] = []
        packed.reserveCapacity(self.liveBytes)
        for place in self.byteRanges.indices {
            let start = packed.count
            packed.append(span: self.bytes.span.extracting(self.byteRanges[place]))
            self.byteRanges[place] = start..<packed.count
        }
        self.bytes = packed
    }

    private mutating func writeNulls(
        _ column: Column,
        _ rows: [Int32],
        to places: [Int32],
        count: Int
    ) {
        if self.nulls == nil {
            guard column.nulls != nil else { return }
            self.nulls = Bitmap(repeating: false, count: self.count)
        }
        guard var nulls = self.nulls.take() else { return }
        while nulls.count < count { nulls.append(false) }
        for index in rows.indices {
            nulls[Int(places[index])] = column.isNull(at: Int(rows[index]))
        }
        self.nulls = nulls
    }

    /// The column of all places.
    consuming func finish() -> Column {
        let storage: Column.Storage
        switch self.type.physicalType {
        case .integer: storage = .integers(self.integers)
        case .float: storage = .floats(self.floats)
        case .bytes:
            var packed = Column.ByteStorage()
            packed.bytes.reserveCapacity(self.liveBytes)
            packed.ends.reserveCapacity(self.byteRanges.count)
            for range in self.byteRanges {
                packed.bytes.append(span: self.bytes.span.extracting(range))
                packed.ends.append(packed.bytes.count)
            }
            storage = .bytes(packed)
        }
        return Column(type: self.type, storage: storage, nulls: self.nulls)
    }
}
