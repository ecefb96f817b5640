import FeatureModel
import NativeStorage

/// Makes the bytes of rows of one schema; drawn in RowLayout.swift.
///
/// One encoder makes many rows, one after the other, in one buffer. Per row:
/// ``begin(eventTime:writeTime:)``, one `append` per field in the schema's order, ``finish()``;
/// then ``bytes`` is the row, until the next `begin`.
package struct RowEncoder: Sendable {
    package let layout: RowLayout
    /// The finished row, after ``finish()``.
    package private(set) var bytes: [UInt8] = []
    /// What every row starts with: everything before the bytes, without times and values.
    private let blankRow: [UInt8]
    private var nextField = 0
    private var isOpen = false

    package init(layout: RowLayout) {
        self.layout = layout
        self.blankRow = layout.blankRow
    }

    /// Starts a row, and forgets the one before.
    ///
    /// - Parameters:
    ///   - eventTime: When the row became true, in microseconds since 1970.
    ///   - writeTime: When it was created or written, in microseconds since 1970; `Int64.min` for
    ///     a row without such a time.
    package mutating func begin(eventTime: Int64, writeTime: Int64) {
        self.bytes.removeAll(keepingCapacity: true)
        self.bytes.append(contentsOf: self.blankRow)
        self.bytes.store(littleEndian: eventTime, at: RowFormat.eventTimeOffset)
        self.bytes.store(littleEndian: writeTime, at: RowFormat.writeTimeOffset)
        self.nextField = 0
        self.isOpen = true
    }

    /// Appends a field without a value.
    package mutating func appendNull() throws(OnlineStoreError) {
        let field = try self.takeField()
        self.bytes[RowFormat.headerLength + field >> 3] |= 1 << UInt8(field & 7)
        if case .variable(let index) = self.layout.places[field] {
            try self.storeEnd(index)
        }
    }

    /// Appends an int32, int64, bool (0 or 1) or unix_timestamp (microseconds).
    ///
    /// - Throws: ``OnlineStoreError`` when the next field has another type, or the value does not
    ///   fit into it.
    package mutating func append(integer: Int64) throws(OnlineStoreError) {
        let field = try self.takeField()
        switch self.layout.places[field] {
        case .bool(let bit):
            guard integer == 0 || integer == 1 else { throw self.misfit(field, "is no bool") }
            self.bytes[self.layout.boolsStart + bit >> 3] |= UInt8(integer) << UInt8(bit & 7)
        case .int32(let offset):
            guard let value = Int32(exactly: integer) else {
                throw self.misfit(field, "is too large for int32")
            }
            self.bytes.store(littleEndian: value, at: offset)
        case .int64(let offset):
            self.bytes.store(littleEndian: integer, at: offset)
        case .float32, .float64, .variable:
            throw self.misfit(field, "is an integer")
        }
    }

    /// Appends a float32 or float64; a float32 is rounded to single precision.
    ///
    /// - Throws: ``OnlineStoreError`` when the next field has another type.
    package mutating func append(float: Double) throws(OnlineStoreError) {
        let field = try self.takeField()
        switch self.layout.places[field] {
        case .float32(let offset):
            self.bytes.store(littleEndian: Float(float).bitPattern, at: offset)
        case .float64(let offset):
            self.bytes.store(littleEndian: float.bitPattern, at: offset)
        case .bool, .int32, .int64, .variable:
            throw self.misfit(field, "is a float")
        }
    }

    /// Appends a string as UTF-8, bytes, or the text of an array, map, JSON, UUID or decimal.
    ///
    /// - Throws: ``OnlineStoreError`` when the next field has another type, or the row would have
    ///   more than 4 GiB.
    package mutating func append(bytes value: Span<UInt8>) throws(OnlineStoreError) {
        let field = try self.takeField()
        guard case .variable(let index) = self.layout.places[field] else {
            throw self.misfit(field, "is bytes")
        }
        NativeStorage.append(value, to: &self.bytes)
        try self.storeEnd(index)
    }

    /// Completes the row.
    ///
    /// - Throws: ``OnlineStoreError`` when fields are missing.
    package mutating func finish() throws(OnlineStoreError) {
        let fields = self.layout.schema.fields
        guard self.isOpen, self.nextField == fields.count else {
            throw OnlineStoreError(
                .invalidRow,
                "a row got \(self.nextField) of its \(fields.count) fields"
            )
        }
        self.isOpen = false
        self.bytes.append(littleEndian: checksum(self.bytes.span))
    }

    private mutating func takeField() throws(OnlineStoreError) -> Int {
        guard self.isOpen, self.nextField < self.layout.places.count else {
            throw OnlineStoreError(
                .invalidRow,
                "a row got more than its \(self.layout.places.count) fields"
            )
        }
        self.nextField += 1
        return self.nextField - 1
    }

    private mutating func storeEnd(_ index: Int) throws(OnlineStoreError) {
        guard let end = UInt32(exactly: self.bytes.count - self.layout.bytesStart) else {
            throw OnlineStoreError(.invalidRow, "a row has more than 4 GiB")
        }
        self.bytes.store(littleEndian: end, at: self.layout.endsStart + 4 * index)
    }

    private func misfit(_ index: Int, _ reason: String) -> OnlineStoreError {
        self.layout.misfit(index, reason)
    }
}

extension RowLayout {
    /// What every row starts with: everything before the bytes, without times and values.
    var blankRow: [UInt8] {
        var row = [RowFormat.version]
        row.append(littleEndian: self.schema.id)
        row.append(contentsOf: repeatElement(0, count: self.bytesStart - row.count))
        return row
    }

    /// The error for a value that the field with that index cannot have.
    func misfit(_ index: Int, _ reason: String) -> OnlineStoreError {
        let field = self.schema.fields[index]
        return OnlineStoreError(
            .invalidRow,
            "a value for \"\(field.name)\" (\(field.type)) \(reason)"
        )
    }
}
