import NativeStorage

/// What every row says of itself, whatever its schema; drawn in RowLayout.swift.
package struct RowHeader: Hashable, Sendable {
    /// Which of its view's schemas the row has.
    package let schemaID: UInt16
    /// When the row became true, in microseconds since 1970.
    package let eventTime: Int64
    /// When the row was created or written, in microseconds since 1970; `Int64.min` for unknown.
    package let writeTime: Int64

    /// Reads the header of a row without looking at its checksum.
    ///
    /// - Throws: ``OnlineStoreError`` when the bytes are too few, or of another format.
    package init(_ row: Span<UInt8>) throws(OnlineStoreError) {
        guard row.count >= RowFormat.minimumLength else { throw corruptRow("it is cut short") }
        guard row[0] == RowFormat.version else {
            throw corruptRow("its format is \(row[0]), and this fstore knows 1")
        }
        self.schemaID = row.littleEndian(at: 1, as: UInt16.self)
        self.eventTime = row.littleEndian(at: RowFormat.eventTimeOffset, as: Int64.self)
        self.writeTime = row.littleEndian(at: RowFormat.writeTimeOffset, as: Int64.self)
    }

    /// Reads the header of a row whose checksum is right: the row is as it was written.
    ///
    /// - Throws: ``OnlineStoreError`` when any byte is missing, left over or changed.
    package init(validating row: Span<UInt8>) throws(OnlineStoreError) {
        try self.init(row)
        let end = row.count - RowFormat.checksumLength
        let stored = row.littleEndian(at: end, as: UInt32.self)
        guard checksum(row.extracting(0..<end)) == stored else {
            throw corruptRow("its checksum is wrong")
        }
    }
}
