import Glibc
import NativeStorage

/// Makes parts of a load: the keys and rows of many rows at once, column by column.
///
/// The rows are those that ``RowEncoder`` makes. Only the newest row of each key is encoded: the
/// others can never win. May be used by several threads at a time.
package struct LoadPartEncoder: Sendable {
    /// So many rows go through all columns before the next ones: they stay in the nearest cache.
    private static let blockCount = 128

    let viewID: UInt32
    private let layout: RowLayout
    private let blankRow: [UInt8]

    /// - Parameters:
    ///   - keys: Of the load's generation; says in which order the key columns come.
    ///   - layout: That of the load.
    package init(keys: EntityKeyEncoder, layout: RowLayout) {
        self.viewID = keys.viewID
        self.layout = layout
        self.blankRow = layout.blankRow
    }

    /// Encodes rows.
    ///
    /// - Throws: ``OnlineStoreError`` when a value cannot be of its field, or a key or row has more
    ///   than 4 GiB.
    package func part(_ rows: LoadRows) throws(OnlineStoreError) -> LoadPart {
        precondition(rows.fields.count == self.layout.places.count, "one column a field")
        try self.checkValues(of: rows)
        let keys = try LoadKeys(rows, viewID: self.viewID)
        var order = keys.references
        var sorter = RecordSorter()
        sorter.sortAndKeepNewest(&order, keys: keys)

        let nulls = rows.fields.map(\.nullFlags)
        let lengths = try self.rowLengths(rows, nulls: nulls, order: order)
        var references = order
        var starts: [Int] = []
        starts.reserveCapacity(order.count)
        var total = 0
        for (index, reference) in order.enumerated() {
            references[index].location = UInt64(total)
            let keyCount = keys.length(of: Int(reference.location))
            starts.append(total + recordHeaderLength + keyCount)
            total += recordHeaderLength + keyCount + lengths[index]
        }
        return unsafe LoadPart(
            viewID: self.viewID,
            schemaID: self.layout.schema.id,
            byteCount: total,
            references: references
        ) { base in
            var block = unsafe RowBlock(
                layout: self.layout,
                base: base,
                rows: rows,
                nulls: nulls,
                order: order,
                starts: starts,
                lengths: lengths
            )
            var lower = 0
            while lower < order.count {
                let upper = min(lower + Self.blockCount, order.count)
                block.fill(lower..<upper, keys: keys, blankRow: self.blankRow)
                lower = upper
            }
        }
    }

    /// Makes sure of what the encoding then takes for granted.
    private func checkValues(of rows: LoadRows) throws(OnlineStoreError) {
        for (index, column) in rows.fields.enumerated() {
            switch (self.layout.places[index], column.values) {
            case (.bool, .integers(let values)):
                var bits: Int64 = 0
                for value in values { bits |= value }
                guard bits == 0 || bits == 1 else {
                    throw self.layout.misfit(index, "is no bool")
                }
            case (.int32, .integers(let values)):
                var isMisfit = false
                for value in values {
                    isMisfit = value != Int64(Int32(truncatingIfNeeded: value)) ? true : isMisfit
                }
                guard !isMisfit else { throw self.layout.misfit(index, "is too large for int32") }
            case (.int64, .integers), (.float32, .floats), (.float64, .floats),
                (.variable, .bytes):
                break
            case (_, .integers): throw self.layout.misfit(index, "is an integer")
            case (_, .floats): throw self.layout.misfit(index, "is a float")
            case (_, .bytes): throw self.layout.misfit(index, "is bytes")
            }
        }
    }

    /// How long each row will be, in the given order.
    private func rowLengths(
        _ rows: LoadRows,
        nulls: [[UInt8]?],
        order: [RecordReference]
    ) throws(OnlineStoreError) -> [Int] {
        let fixed = self.layout.bytesStart + RowFormat.checksumLength
        var lengths = Array(repeating: fixed, count: order.count)
        guard self.layout.variableCount > 0 else { return lengths }
        for (field, column) in rows.fields.enumerated() {
            guard case .bytes(_, let ends) = column.values else { continue }
            for index in order.indices {
                lengths[index] += valueRange(Int(order[index].location), ends, nulls[field]).count
            }
        }
        for length in lengths where UInt32(exactly: length) == nil {
            throw OnlineStoreError(.invalidRow, "a row has more than 4 GiB")
        }
        return lengths
    }
}

/// The rows of a part while they are written.
@safe
private struct RowBlock {
    let layout: RowLayout
    /// The memory of the part.
    let base: UnsafeMutableRawPointer
    let rows: LoadRows
    /// By field: one byte a row, 1 for null.
    let nulls: [[UInt8]?]
    /// By record: the location is the number of its row.
    let order: [RecordReference]
    /// By record: where its row starts, and how long it is.
    let starts: [Int]
    let lengths: [Int]
    /// By record: the bytes of variable fields so far.
    private var variableCounts: [Int]

    init(
        layout: RowLayout,
        base: UnsafeMutableRawPointer,
        rows: LoadRows,
        nulls: [[UInt8]?],
        order: [RecordReference],
        starts: [Int],
        lengths: [Int]
    ) {
        self.layout = layout
        unsafe self.base = base
        self.rows = rows
        self.nulls = nulls
        self.order = order
        self.starts = starts
        self.lengths = lengths
        self.variableCounts = Array(repeating: 0, count: layout.variableCount > 0 ? order.count : 0)
    }

    /// Writes some records whole.
    mutating func fill(_ block: Range<Int>, keys: LoadKeys, blankRow: [UInt8]) {
        for index in block {
            let row = Int(self.order[index].location)
            let start = unsafe self.base + self.starts[index]
            let key = unsafe keys.key(at: self.order[index].location)
            let header = unsafe start - key.count - recordHeaderLength
            unsafe header.storeBytes(
                of: UInt32(truncatingIfNeeded: key.count).littleEndian,
                as: UInt32.self
            )
            unsafe header.storeBytes(
                of: UInt32(truncatingIfNeeded: self.lengths[index]).littleEndian,
                toByteOffset: 4,
                as: UInt32.self
            )
            unsafe UnsafeMutableRawBufferPointer(
                start: header + recordHeaderLength,
                count: key.count
            ).copyMemory(from: UnsafeRawBufferPointer(key))
            unsafe blankRow.withUnsafeBytes { blank in
                unsafe UnsafeMutableRawBufferPointer(start: start, count: blank.count)
                    .copyMemory(from: blank)
            }
            let age = self.rows.age(of: row)
            unsafe start.storeBytes(
                of: age.eventTime.littleEndian,
                toByteOffset: RowFormat.eventTimeOffset,
                as: Int64.self
            )
            unsafe start.storeBytes(
                of: age.writeTime.littleEndian,
                toByteOffset: RowFormat.writeTimeOffset,
                as: Int64.self
            )
        }
        for field in self.rows.fields.indices {
            self.fill(block, field: field)
        }
        for index in block {
            let start = unsafe self.base + self.starts[index]
            let count = self.lengths[index] - RowFormat.checksumLength
            let bytes = unsafe UnsafeBufferPointer(
                start: start.assumingMemoryBound(to: UInt8.self),
                count: count
            )
            unsafe start.storeBytes(
                of: checksum(bytes.span).littleEndian,
                toByteOffset: count,
                as: UInt32.self
            )
        }
    }

    /// Writes the values of one field.
    private mutating func fill(_ block: Range<Int>, field: Int) {
        let nulls = self.nulls[field]
        switch (self.layout.places[field], self.rows.fields[field].values) {
        case (.int64(let offset), .integers(let values)):
            self.store(block, at: offset, nulls) { values[$0].littleEndian }
        case (.int32(let offset), .integers(let values)):
            self.store(block, at: offset, nulls) {
                Int32(truncatingIfNeeded: values[$0]).littleEndian
            }
        case (.float64(let offset), .floats(let values)):
            self.store(block, at: offset, nulls) { values[$0].bitPattern.littleEndian }
        case (.float32(let offset), .floats(let values)):
            self.store(block, at: offset, nulls) { Float(values[$0]).bitPattern.littleEndian }
        case (.bool(let bit), .integers(let values)):
            let offset = self.layout.boolsStart + bit >> 3
            for index in block {
                let row = Int(self.order[index].location)
                let isNull = nulls.map { $0[row] == 1 } ?? false
                let value = isNull ? 0 : UInt8(truncatingIfNeeded: values[row])
                self.setBits(value << UInt8(bit & 7), at: self.starts[index] + offset)
            }
        case (.variable(let variable), .bytes(let bytes, let ends)):
            self.store(block, bytes, ends: ends, variable: variable, nulls)
        default:
            preconditionFailure("the values were checked")
        }
        guard let nulls else { return }
        let offset = RowFormat.headerLength + field >> 3
        for index in block {
            let isNull = nulls[Int(self.order[index].location)]
            self.setBits(isNull << UInt8(field & 7), at: self.starts[index] + offset)
        }
    }

    /// Stores a value of fixed width in each row; zero for a null.
    @inline(__always)
    private func store<Stored: FixedWidthInteger & BitwiseCopyable>(
        _ block: Range<Int>,
        at offset: Int,
        _ nulls: [UInt8]?,
        _ value: (Int) -> Stored
    ) {
        if let nulls {
            for index in block {
                let row = Int(self.order[index].location)
                unsafe self.base.storeBytes(
                    of: nulls[row] == 1 ? 0 : value(row),
                    toByteOffset: self.starts[index] + offset,
                    as: Stored.self
                )
            }
        } else {
            for index in block {
                unsafe self.base.storeBytes(
                    of: value(Int(self.order[index].location)),
                    toByteOffset: self.starts[index] + offset,
                    as: Stored.self
                )
            }
        }
    }

    private mutating func store(
        _ block: Range<Int>,
        _ bytes: [UInt8],
        ends: [Int],
        variable: Int,
        _ nulls: [UInt8]?
    ) {
        unsafe bytes.withUnsafeBytes { bytes in
            for index in block {
                let range = valueRange(Int(self.order[index].location), ends, nulls)
                let start = unsafe self.base + self.starts[index]
                let used = self.variableCounts[index]
                unsafe UnsafeMutableRawBufferPointer(
                    start: start + self.layout.bytesStart + used,
                    count: range.count
                ).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
                self.variableCounts[index] = used + range.count
                unsafe start.storeBytes(
                    of: UInt32(truncatingIfNeeded: used + range.count).littleEndian,
                    toByteOffset: self.layout.endsStart + 4 * variable,
                    as: UInt32.self
                )
            }
        }
    }

    private func setBits(_ bits: UInt8, at offset: Int) {
        let old = unsafe self.base.load(fromByteOffset: offset, as: UInt8.self)
        unsafe self.base.storeBytes(of: old | bits, toByteOffset: offset, as: UInt8.self)
    }
}

/// Where the bytes of a row's value are; nowhere for a null.
private func valueRange(_ row: Int, _ ends: [Int], _ nulls: [UInt8]?) -> Range<Int> {
    let start = row == 0 ? 0 : ends[row - 1]
    if let nulls, nulls[row] == 1 { return start..<start }
    return start..<ends[row]
}
