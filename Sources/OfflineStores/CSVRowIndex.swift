import FeatureCompute
import NativeStorage

/// Where the fields of many records of CSV text end, found sixteen bytes at a time.
///
/// It holds plain records only, and stops before the first that is not: one that has not as many
/// fields as the header, or text after a closing quote, or no line feed at its end. Such a record
/// is for ``CSVScanner`` to judge, which gives the same fields for all others.
struct CSVRowIndex {
    /// How many bytes are looked at at once: they stay in a core's own cache, with their index.
    static let maximumSize = 1 << 16
    /// As many as one record mostly has.
    static let minimumSize = 1 << 8

    /// Where the records' fields end: at a delimiter or a line feed, `[rows × fields]` at least.
    private(set) var fieldEnds: [UInt32] = []
    /// How many records there are.
    private(set) var rowCount = 0
    /// Where the first record begins.
    private(set) var start = 0
    /// Whether a record follows that is not plain.
    private(set) var isNextOdd = false
    private var fieldCount = 1
    /// Whether there is a quote among the bytes that were looked at.
    private(set) var hasQuotes = false
    /// Where delimiters, line feeds and quotes stand.
    private var specials: [UInt32] = []

    /// Finds records.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - start: Where the first record begins.
    ///   - size: How many bytes are looked at.
    ///   - file: How the text is written.
    mutating func find(
        in bytes: Span<UInt8>,
        from start: Int,
        size: Int,
        file: CSVTextLayout
    ) {
        self.rowCount = 0
        self.start = start
        self.fieldCount = file.columnCount
        self.isNextOdd = false
        guard file.isUsual else {
            self.isNextOdd = true
            return
        }
        let end = min(bytes.count, start + size)
        let found = self.findSpecials(
            in: bytes.extracting(0..<end),
            from: start,
            delimiter: file.delimiter
        )
        self.hasQuotes = found.quotes > 0
        if found.quotes == 0, self.isRegular(bytes, found.count, lines: found.lines) {
            swap(&self.specials, &self.fieldEnds)
            self.rowCount = found.lines
        } else {
            self.walk(bytes, count: found.count)
        }
    }

    /// Where a record ends: behind its line feed.
    func end(ofRow row: Int) -> Int {
        Int(self.fieldEnds[(row + 1) * self.fieldCount - 1]) + 1
    }

    /// Where a record begins.
    func start(ofRow row: Int) -> Int {
        row == 0 ? self.start : self.end(ofRow: row - 1)
    }

    /// How many lines a record has: more than one with line feeds in quotes.
    func lineCount(ofRow row: Int, in bytes: Span<UInt8>) -> Int {
        guard self.hasQuotes else { return 1 }
        let range = self.start(ofRow: row)..<self.end(ofRow: row)
        return bytes.extracting(range).count(ofByte: lineFeed)
    }

    /// Finds the cells of one column of some records.
    ///
    /// - Parameters:
    ///   - field: The position of the column.
    ///   - rows: The numbers of the records.
    ///   - bytes: The text.
    ///   - nulls: Which fields are null.
    ///   - cells: What is filled.
    func findCells(
        ofColumn field: Int,
        rows: [Int32],
        in bytes: Span<UInt8>,
        nulls: CSVNulls,
        to cells: inout CellPlaces
    ) {
        cells.removeAll()
        guard self.hasQuotes || !nulls.isOnlyBlank else {
            cells.append(
                field: field,
                of: self.fieldCount,
                rows: rows.span,
                fieldEnds: self.fieldEnds.span,
                firstStart: self.start,
                bytes: bytes
            )
            return
        }
        let isLast = field == self.fieldCount - 1
        for row in rows {
            let place = Int(row) * self.fieldCount + field
            let start = place == 0 ? self.start : Int(self.fieldEnds[place - 1]) + 1
            var end = Int(self.fieldEnds[place])
            if isLast, end > start, bytes[end - 1] == carriageReturn { end -= 1 }
            if start < end, bytes[start] == quote {
                let text = bytes.extracting((start + 1)..<(end - 1))
                cells.append((start + 1)..<(end - 1), hasDoubledQuotes: text.hasQuote)
            } else if start == end
                ? nulls.isBlankNull : nulls.contains(bytes.extracting(start..<end))
            {
                cells.appendNull()
            } else {
                cells.append(start..<end, hasDoubledQuotes: false)
            }
        }
    }

    /// Finds delimiters, line feeds and quotes.
    ///
    /// - Returns: How many there are in all, and of two of them.
    private mutating func findSpecials(
        in bytes: Span<UInt8>,
        from start: Int,
        delimiter: UInt8
    ) -> (count: Int, lines: Int, quotes: Int) {
        // Each byte may be one.
        let room = bytes.count - start
        if self.specials.count < room {
            self.specials = [UInt32](repeating: 0, count: max(room, Self.maximumSize))
        }
        var output = self.specials.mutableSpan
        let raw = unsafe bytes.bytes
        let delimiters = SIMD16<UInt8>(repeating: delimiter)
        let lineFeeds = SIMD16<UInt8>(repeating: lineFeed)
        let quotes = SIMD16<UInt8>(repeating: quote)
        var lineCount = 0
        var quoteCount = 0
        var count = 0
        var position = start
        while position &+ 16 <= bytes.count {
            let block = unsafe raw.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position,
                as: SIMD16<UInt8>.self
            )
            let isDelimiter = unsafe unsafeBitCast(block .== delimiters, to: SIMD2<UInt64>.self)
            let isLineFeed = unsafe unsafeBitCast(block .== lineFeeds, to: SIMD2<UInt64>.self)
            let isQuote = unsafe unsafeBitCast(block .== quotes, to: SIMD2<UInt64>.self)
            let isSpecial = isDelimiter | isLineFeed | isQuote
            if isLineFeed.x | isLineFeed.y != 0 {
                lineCount &+= Self.count(isLineFeed.x) &+ Self.count(isLineFeed.y)
            }
            if isQuote.x | isQuote.y != 0 {
                quoteCount &+= Self.count(isQuote.x) &+ Self.count(isQuote.y)
            }
            var bits = isSpecial.x & topBits
            while bits != 0 {
                output[count] = UInt32(
                    truncatingIfNeeded: position &+ bits.trailingZeroBitCount &>> 3
                )
                count &+= 1
                bits &= bits &- 1
            }
            bits = isSpecial.y & topBits
            while bits != 0 {
                output[count] = UInt32(
                    truncatingIfNeeded: position &+ 8 &+ bits.trailingZeroBitCount &>> 3
                )
                count &+= 1
                bits &= bits &- 1
            }
            position &+= 16
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == lineFeed { lineCount &+= 1 }
            if byte == quote { quoteCount &+= 1 }
            if byte == delimiter || byte == lineFeed || byte == quote {
                output[count] = UInt32(truncatingIfNeeded: position)
                count &+= 1
            }
            position &+= 1
        }
        return (count, lineCount, quoteCount)
    }

    /// How many bytes of a word are all ones; the others are zero.
    @inline(__always)
    private static func count(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: ((word & 0x0101_0101_0101_0101) &* 0x0101_0101_0101_0101) &>> 56)
    }

    /// Whether every record has its fields, without quotes.
    ///
    /// Where each line's last place is a line feed, and there are no more of these, nothing but
    /// delimiters stands on the other places.
    private func isRegular(_ bytes: Span<UInt8>, _ count: Int, lines: Int) -> Bool {
        let (rows, rest) = count.quotientAndRemainder(dividingBy: self.fieldCount)
        guard rows == lines, rows > 0, rest < self.fieldCount else { return false }
        var place = self.fieldCount - 1
        for _ in 0..<rows {
            if bytes[Int(self.specials[place])] != lineFeed { return false }
            place += self.fieldCount
        }
        return true
    }

    /// Goes from one special byte to the next, up to the first record that is not plain.
    private mutating func walk(_ bytes: Span<UInt8>, count: Int) {
        if self.fieldEnds.count < count {
            self.fieldEnds = [UInt32](repeating: 0, count: max(count, Self.maximumSize))
        }
        // Taken out for the loop, which reads the one and writes the other.
        let specialArray = self.specials
        var endArray = self.fieldEnds
        self.fieldEnds = []
        let specials = specialArray.span
        var ends = endArray.mutableSpan
        var fieldStart = self.start
        var written = 0
        var rows = 0
        var index = 0
        var rowEnd = self.fieldCount
        var isOdd = false
        while index < count {
            let position = Int(specials[index])
            let byte = bytes[position]
            if byte == quote {
                index += 1
                // Elsewhere than at the start of a field it is a letter.
                guard position == fieldStart else { continue }
                guard let next = Self.next(after: index, in: specials, count, bytes) else {
                    isOdd = false
                    break
                }
                guard next >= 0 else {
                    isOdd = true
                    break
                }
                index = next
                continue
            }
            ends[written] = UInt32(truncatingIfNeeded: position)
            written += 1
            fieldStart = position + 1
            index += 1
            guard (byte == lineFeed) == (written == rowEnd) else {
                isOdd = true
                break
            }
            if byte == lineFeed {
                rows += 1
                rowEnd += self.fieldCount
            }
        }
        self.fieldEnds = endArray
        self.rowCount = rows
        self.isNextOdd = isOdd
    }

    /// The special byte that ends a quoted field.
    ///
    /// - Parameters:
    ///   - index: Where the first special byte stands after the quote that opens the field.
    ///   - specials: The special bytes.
    ///   - count: How many of them there are.
    ///   - bytes: The text.
    /// - Returns: Its number; -1 when there is text after the closing quote, and `nil` when the
    ///   bytes end before the field.
    private static func next(
        after index: Int,
        in specials: Span<UInt32>,
        _ count: Int,
        _ bytes: Span<UInt8>
    ) -> Int? {
        var index = index
        while true {
            while index < count, bytes[Int(specials[index])] != quote {
                index += 1
            }
            guard index + 1 < count else { return nil }
            let closing = Int(specials[index])
            let next = Int(specials[index + 1])
            if next == closing + 1 {
                guard bytes[next] == quote else { return index + 1 }
                // Written twice.
                index += 2
                continue
            }
            let isLineEnd = next == closing + 2 && bytes[closing + 1] == carriageReturn
            return isLineEnd && bytes[next] == lineFeed ? index + 1 : -1
        }
    }
}

/// How CSV text is written.
struct CSVTextLayout: Sendable {
    let delimiter: UInt8
    /// How many fields a record has.
    let columnCount: Int

    /// Whether the delimiter cannot be taken for anything else.
    var isUsual: Bool {
        self.delimiter != quote && self.delimiter != lineFeed && self.delimiter != carriageReturn
    }
}

extension Span<UInt8> {
    /// Whether there is a quote.
    fileprivate var hasQuote: Bool {
        for index in self.indices where self[index] == quote {
            return true
        }
        return false
    }
}

private let quote = UInt8(ascii: "\"")
private let lineFeed: UInt8 = 0x0A
private let carriageReturn: UInt8 = 0x0D
private let topBits: UInt64 = 0x8080_8080_8080_8080
