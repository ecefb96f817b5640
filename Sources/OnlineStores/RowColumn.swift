import NativeStorage

/// Where the row of one entity lies in the bytes of a batch; without references, so that a loop
/// over rows copies nothing else.
package struct RowPlace: BitwiseCopyable, Sendable {
    /// Which of its view's layouts the row has; -1 for no row, or one that is not to be read.
    package let layout: Int
    /// Where its bytes start.
    package let start: Int
    /// Where they end.
    package let end: Int

    package init(layout: Int, start: Int, end: Int) {
        self.layout = layout
        self.start = start
        self.end = end
    }

    /// No row that is to be read.
    package static let none = RowPlace(layout: -1, start: 0, end: 0)
}

/// One feature of a view, to be read from many rows, which may have different layouts.
///
/// The rows are those for which ``RowLayout/validateOffsets(_:)`` has thrown nothing, by the layout
/// of their place. There is one loop for each way in which values lie in memory, and none of them
/// allocates or counts references for a row.
package struct RowColumn: Sendable {
    /// For each layout of the view, where the feature lies; `nil` when rows of that layout were
    /// written before the view had it.
    private let fields: [RowLayout.Field?]

    /// - Parameter fields: For each layout of the view, where the feature lies, if it is there.
    package init(fields: [RowLayout.Field?]) {
        self.fields = fields
    }

    /// Reads a feature that is physically an integer.
    ///
    /// - Parameters:
    ///   - rows: The rows, `[n]`.
    ///   - bytes: What they lie in.
    ///   - values: Gets the values, `[n]`; is left alone where there is none.
    ///   - nulls: Gets the indices of the rows whose value is null at its end, ascending; of those
    ///     that are to be read.
    package func readIntegers(
        of rows: Span<RowPlace>,
        in bytes: Span<UInt8>,
        to values: inout MutableSpan<Int64>,
        nulls: inout [Int]
    ) {
        self.read(of: rows, in: bytes, to: &values, nulls: &nulls) { field, start, bytes in
            field.integer(inRowAt: start, bytes)
        }
    }

    /// Reads a feature that is physically a float; see ``readIntegers(of:in:to:nulls:)``.
    package func readFloats(
        of rows: Span<RowPlace>,
        in bytes: Span<UInt8>,
        to values: inout MutableSpan<Double>,
        nulls: inout [Int]
    ) {
        self.read(of: rows, in: bytes, to: &values, nulls: &nulls) { field, start, bytes in
            field.float(inRowAt: start, bytes)
        }
    }

    /// Reads a feature that is physically bytes.
    ///
    /// - Parameters:
    ///   - rows: The rows, `[n]`.
    ///   - bytes: What they lie in.
    ///   - values: Gets the values at its end, one after the other.
    ///   - ends: Gets where each value ends, `[n]`; a row without a value has nothing.
    ///   - nulls: As for ``readIntegers(of:in:to:nulls:)``.
    package func readBytes(
        of rows: Span<RowPlace>,
        in bytes: Span<UInt8>,
        to values: inout [UInt8],
        ends: inout MutableSpan<Int>,
        nulls: inout [Int]
    ) {
        var end = values.count
        var index = 0
        while index < rows.count {
            let layout = rows[index].layout
            guard let field = self.field(inLayout: layout) else {
                if layout >= 0 { note(index, in: &nulls) }
                ends[index] = end
                index &+= 1
                continue
            }
            repeat {
                let start = rows[index].start
                if field.isNull(inRowAt: start, bytes) {
                    note(index, in: &nulls)
                } else {
                    let range = field.range(inRowAt: start, bytes)
                    append(bytes.extracting(range), to: &values)
                    end &+= range.count
                }
                ends[index] = end
                index &+= 1
            } while index < rows.count && rows[index].layout == layout
        }
    }

    /// The loop over values of one size: inlined, so that each kind has its own.
    @inline(__always)
    private func read<Value: BitwiseCopyable>(
        of rows: Span<RowPlace>,
        in bytes: Span<UInt8>,
        to values: inout MutableSpan<Value>,
        nulls: inout [Int],
        _ value: (RowLayout.Field, Int, Span<UInt8>) -> Value
    ) {
        var index = 0
        while index < rows.count {
            let layout = rows[index].layout
            guard let field = self.field(inLayout: layout) else {
                if layout >= 0 { note(index, in: &nulls) }
                index &+= 1
                continue
            }
            // Rows of one layout follow one another.
            repeat {
                let start = rows[index].start
                if field.isNull(inRowAt: start, bytes) {
                    note(index, in: &nulls)
                } else {
                    values[index] = value(field, start, bytes)
                }
                index &+= 1
            } while index < rows.count && rows[index].layout == layout
        }
    }

    /// Where the feature lies in rows of a layout; `nil` for one that does not have it, and for -1.
    @inline(__always)
    private func field(inLayout layout: Int) -> RowLayout.Field? {
        layout < 0 ? nil : self.fields[layout]
    }
}

/// Not inlined: nulls are rare, and growing an array takes the registers that the loops need.
@inline(never)
private func note(_ row: Int, in nulls: inout [Int]) {
    nulls.append(row)
}

extension RowLayout.Field {
    @inline(__always)
    fileprivate func isNull(inRowAt start: Int, _ bytes: Span<UInt8>) -> Bool {
        bytes[start &+ RowFormat.headerLength &+ self.index >> 3] >> (self.index & 7) & 1 == 1
    }

    @inline(__always)
    fileprivate func integer(inRowAt start: Int, _ bytes: Span<UInt8>) -> Int64 {
        switch self.place {
        case .int64(let offset):
            return bytes.littleEndian(at: start &+ offset, as: Int64.self)
        case .int32(let offset):
            return Int64(bytes.littleEndian(at: start &+ offset, as: Int32.self))
        case .bool(let bit):
            return Int64(bytes[start &+ self.boolsStart &+ bit >> 3] >> (bit & 7) & 1)
        case .float32, .float64, .variable:
            preconditionFailure("the feature is no integer")
        }
    }

    @inline(__always)
    fileprivate func float(inRowAt start: Int, _ bytes: Span<UInt8>) -> Double {
        switch self.place {
        case .float64(let offset):
            let bits = bytes.littleEndian(at: start &+ offset, as: UInt64.self)
            return Double(bitPattern: bits)
        case .float32(let offset):
            let bits = bytes.littleEndian(at: start &+ offset, as: UInt32.self)
            return Double(Float(bitPattern: bits))
        case .bool, .int32, .int64, .variable:
            preconditionFailure("the feature is no float")
        }
    }

    /// Where the bytes of a variable field lie among those of all rows.
    @inline(__always)
    fileprivate func range(inRowAt rowStart: Int, _ bytes: Span<UInt8>) -> Range<Int> {
        guard case .variable(let index) = self.place else {
            preconditionFailure("the feature is no bytes")
        }
        let position = rowStart &+ self.endsStart &+ 4 &* index
        let end = Int(bytes.littleEndian(at: position, as: UInt32.self))
        let start = index == 0 ? 0 : Int(bytes.littleEndian(at: position - 4, as: UInt32.self))
        let base = rowStart &+ self.bytesStart
        return base &+ start..<base &+ end
    }
}
