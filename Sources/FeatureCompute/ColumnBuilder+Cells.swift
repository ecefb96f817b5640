extension ColumnBuilder {
    /// Adds texts as they are.
    ///
    /// - Parameters:
    ///   - cells: Where they lie.
    ///   - bytes: What they are parts of.
    ///   - mustBeUTF8: Whether a text that is no UTF-8 stops it.
    /// - Returns: How many were added.
    package mutating func appendTexts(
        _ cells: borrowing CellPlaces,
        of bytes: Span<UInt8>,
        mustBeUTF8: Bool
    ) -> Int {
        let start = self.bytes.bytes.count
        let firstEnd = self.bytes.ends.count
        self.bytes.append(cells, of: bytes)
        let added =
            mustBeUTF8 ? self.bytes.countOfUTF8(fromByte: start, fromValue: firstEnd) : cells.count
        if added < cells.count {
            self.bytes.ends.removeLast(cells.count - added)
            self.bytes.bytes.removeLast(
                self.bytes.bytes.count - (self.bytes.ends.last ?? 0)
            )
        }
        self.addNulls(of: cells, count: added)
        return added
    }

    /// Counts values that were added to the storage, and notes which of them are null.
    mutating func addNulls(of cells: borrowing CellPlaces, count added: Int) {
        if cells.nullCount > 0, self.nulls == nil {
            self.nulls = Bitmap(repeating: false, count: self.count)
        }
        if self.nulls != nil {
            self.nulls?.appendFalse(count: added)
            if cells.nullCount > 0 {
                for index in 0..<added where cells.isNull(index) {
                    self.nulls?[self.count + index] = true
                }
            }
        }
        self.count += added
    }
}

extension Column.ByteStorage {
    /// How many values from a first one on are UTF-8, up to one that is not.
    fileprivate func countOfUTF8(fromByte start: Int, fromValue first: Int) -> Int {
        let count = self.ends.count - first
        if self.bytes.span.extracting(start...).isASCII { return count }
        for index in 0..<count
        where !JSONText.isUTF8(self.bytes.span.extracting(self.range(at: first + index))) {
            return index
        }
        return count
    }

    /// Adds texts; a null is an empty one.
    fileprivate mutating func append(_ cells: borrowing CellPlaces, of source: Span<UInt8>) {
        var size = 0
        for index in 0..<cells.count where !cells.isNull(index) {
            size &+= cells.range(index).count
        }
        let start = self.bytes.count
        self.ends.reserveCapacityForAppending(cells.count)
        if cells.doubledCount > 0 {
            for index in 0..<cells.count {
                if !cells.isNull(index) {
                    let text = source.extracting(cells.range(index))
                    if cells.hasDoubledQuotes(index) {
                        self.bytes.append(halvingQuotesOf: text)
                    } else {
                        self.bytes.append(span: text)
                    }
                }
                self.ends.append(self.bytes.count)
            }
            return
        }
        var position = start
        // With room for the last to be copied as the others are.
        self.bytes.append(contentsOf: repeatElement(0, count: size + 16))
        // Taken out for the loop, so that each is written to by itself.
        var ends = self.ends
        self.ends = []
        var output = self.bytes.mutableSpan
        for index in 0..<cells.count {
            if !cells.isNull(index) {
                let range = cells.range(index)
                output.copy(source, range, to: position)
                position &+= range.count
            }
            ends.append(position)
        }
        self.ends = ends
        self.bytes.removeLast(self.bytes.count - position)
    }
}

extension Span<UInt8> {
    /// Whether no byte has its top bit set.
    fileprivate var isASCII: Bool {
        let raw = unsafe self.bytes
        var position = 0
        var seen: UInt64 = 0
        while position &+ 8 <= raw.byteCount {
            seen |= unsafe raw.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position,
                as: UInt64.self
            )
            position &+= 8
        }
        while position < raw.byteCount {
            seen |= UInt64(self[position])
            position &+= 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}

extension Array {
    /// Makes room for more elements, so that many calls cost no more than appending does.
    fileprivate mutating func reserveCapacityForAppending(_ count: Int) {
        let needed = self.count + count
        if needed > self.capacity { self.reserveCapacity(Swift.max(needed, 2 * self.capacity)) }
    }
}
