extension CellParser {
    /// Appends the values of some cells of one column, up to the first that has none.
    ///
    /// - Parameters:
    ///   - cells: Where the texts lie; null cells become nulls.
    ///   - bytes: What they are parts of.
    ///   - builder: The column.
    /// - Returns: How many cells were appended; fewer than there are when the next one cannot be of
    ///   the column's type.
    package mutating func append(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        to builder: inout ColumnBuilder
    ) -> Int {
        let type = builder.cellType
        switch type.kind {
        case .int32, .int64, .bool, .unixTimestamp:
            let added = self.append(
                cells,
                of: bytes,
                as: type.kind,
                null: 0,
                to: &builder.integers
            )
            builder.addNulls(of: cells, count: added)
            return added
        case .float32, .float64:
            let added = self.append(cells, of: bytes, as: type.kind, to: &builder.floats)
            builder.addNulls(of: cells, count: added)
            return added
        case .string:
            return builder.appendTexts(cells, of: bytes, mustBeUTF8: true)
        default:
            return self.appendOthers(cells, of: bytes, to: &builder)
        }
    }

    /// Appends the values of some cells of an int32, int64, bool or unix_timestamp column, up to
    /// the first that has none.
    ///
    /// - Parameters:
    ///   - cells: Where the texts lie.
    ///   - bytes: What they are parts of.
    ///   - kind: The kind of the column.
    ///   - null: What stands for null cells.
    ///   - values: What is appended to.
    /// - Returns: How many were appended.
    package mutating func append(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        as kind: CellKind,
        null: Int64,
        to values: inout [Int64]
    ) -> Int {
        let base = values.count
        let count = cells.count
        values.append(contentsOf: repeatElement(null, count: count))
        let read =
            kind == .unixTimestamp || kind == .bool
            ? self.readOthers(cells, of: bytes, kind: kind, to: &values, from: base)
            : self.readIntegers(cells, of: bytes, kind: kind, to: &values, from: base)
        values.removeLast(count - read)
        return read
    }

    private mutating func readIntegers(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        kind: CellKind,
        to values: inout [Int64],
        from base: Int
    ) -> Int {
        let isShort = kind == .int32
        let raw = unsafe bytes.bytes
        var output = values.mutableSpan
        for index in 0..<cells.count {
            if cells.isNull(index) { continue }
            let range = cells.range(index)
            if let value = NumberText.usualInteger(raw, range) {
                if isShort, Int32(exactly: value) == nil { return index }
                output[base &+ index] = value
                continue
            }
            guard !cells.hasDoubledQuotes(index),
                let value = self.integer(bytes.extracting(range), kind: kind)
            else { return index }
            output[base &+ index] = value
        }
        return cells.count
    }

    private mutating func readOthers(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        kind: CellKind,
        to values: inout [Int64],
        from base: Int
    ) -> Int {
        var output = values.mutableSpan
        for index in 0..<cells.count {
            if cells.isNull(index) { continue }
            guard !cells.hasDoubledQuotes(index),
                let value = self.integer(bytes.extracting(cells.range(index)), kind: kind)
            else { return index }
            output[base &+ index] = value
        }
        return cells.count
    }

    private func append(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        as kind: CellKind,
        to values: inout [Double]
    ) -> Int {
        let base = values.count
        let count = cells.count
        values.append(contentsOf: repeatElement(0, count: count))
        let read = self.readFloats(cells, of: bytes, kind: kind, to: &values, from: base)
        values.removeLast(count - read)
        return read
    }

    private func readFloats(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        kind: CellKind,
        to values: inout [Double],
        from base: Int
    ) -> Int {
        let isSingle = kind == .float32
        let powers = PowersOfTen.all
        let raw = unsafe bytes.bytes
        var output = values.mutableSpan
        for index in 0..<cells.count {
            if cells.isNull(index) { continue }
            let range = cells.range(index)
            if !isSingle, let value = NumberText.usualDouble(raw, range, powers: powers) {
                output[base &+ index] = value
                continue
            }
            guard !cells.hasDoubledQuotes(index),
                let value = self.float(bytes.extracting(range), kind: kind)
            else { return index }
            output[base &+ index] = value
        }
        return cells.count
    }

    /// Bytes, arrays, maps and such.
    private mutating func appendOthers(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        to builder: inout ColumnBuilder
    ) -> Int {
        var text: [UInt8] = []
        for index in 0..<cells.count {
            if cells.isNull(index) {
                builder.appendNull()
                continue
            }
            let isRead: Bool
            if cells.hasDoubledQuotes(index) {
                text.removeAll(keepingCapacity: true)
                text.append(halvingQuotesOf: bytes.extracting(cells.range(index)))
                isRead = self.append(text.span, to: &builder)
            } else {
                isRead = self.append(bytes.extracting(cells.range(index)), to: &builder)
            }
            if !isRead { return index }
        }
        return cells.count
    }
}

extension [UInt8] {
    /// Appends a text in which every quote is written twice, with each of them once.
    package mutating func append(halvingQuotesOf text: Span<UInt8>) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            self.append(byte)
            // The second of two quotes says nothing.
            index += byte == UInt8(ascii: "\"") ? 2 : 1
        }
    }
}
