import FeatureCompute
import NativeStorage

/// A cursor over the records of CSV text (RFC 4180), field by field, without copying any.
///
/// Records end with LF or CRLF; the last may end with the text. A quoted field may hold anything, a
/// quote written twice. A quote inside an unquoted field is a letter like any other. Lines without
/// a single byte are skipped, except below a header of one column, where such a line is a blank
/// field. A byte order mark at the start is skipped.
///
/// The bytes may be a window of the text. A record that touches the end of a window that is not
/// the last is not taken: what follows may belong to it.
struct CSVScanner: ~Escapable {
    /// Where one field of the current record lies.
    private struct Field {
        var start: Int
        var end: Int
        var isQuoted: Bool
        /// Whether a quote inside it is written twice.
        var hasDoubledQuotes: Bool
    }

    /// A place between two records, from where a scanner of a later window can go on.
    struct Cursor {
        /// How many bytes of the window were passed.
        var position = 0
        /// The line that follows, from 1.
        var line = 1
        /// Whether a line without a single byte is a record.
        var takesBlankLines = false

        /// Goes to a later place between two records of the same bytes.
        mutating func move(to position: Int, in bytes: Span<UInt8>) {
            self.line += bytes.extracting(self.position..<position).count(ofByte: lineFeed)
            self.position = position
        }

        /// Goes over plain records that begin here.
        mutating func move(over rows: Int, of index: CSVRowIndex, in bytes: Span<UInt8>) {
            let end = index.start(ofRow: rows)
            if index.hasQuotes { return self.move(to: end, in: bytes) }
            self.line += rows
            self.position = end
        }
    }

    /// What ``next()`` found.
    enum Outcome {
        /// A record.
        case record
        /// A record with text after a closing quote: its fields cannot be trusted.
        case textAfterQuote
        /// A quoted field that nothing closes, from ``CSVScanner/line`` to the end of the text.
        case unterminatedQuote
        /// The window ends before the next record does; the cursor stands before it.
        case windowEnd
        /// Nothing is left.
        case end
    }

    private let bytes: Span<UInt8>
    private let delimiter: UInt8
    /// Whether the text ends with the bytes.
    private let isLast: Bool
    private var fields: [Field] = []
    private var position = 0
    private var nextLine = 1
    /// Whether a line without a single byte is a record of one blank field.
    var takesBlankLines = false
    /// The physical line on which the current record begins, from 1.
    private(set) var line = 0

    /// Starts at the beginning of a text, which goes on behind the bytes unless they are the last.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, delimiter: UInt8 = UInt8(ascii: ","), isLast: Bool = true) {
        self.bytes = bytes
        self.delimiter = delimiter
        self.isLast = isLast
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            self.position = 3
        }
    }

    /// Goes on where a scanner of an earlier window stopped.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, delimiter: UInt8, isLast: Bool, from cursor: Cursor) {
        self.bytes = bytes
        self.delimiter = delimiter
        self.isLast = isLast
        self.position = cursor.position
        self.nextLine = cursor.line
        self.takesBlankLines = cursor.takesBlankLines
    }

    /// Goes to another place between two records.
    mutating func move(to cursor: Cursor) {
        self.position = cursor.position
        self.nextLine = cursor.line
        self.takesBlankLines = cursor.takesBlankLines
    }

    /// Where the next record begins.
    var cursor: Cursor {
        Cursor(
            position: self.position,
            line: self.nextLine,
            takesBlankLines: self.takesBlankLines
        )
    }

    /// How many fields the current record has.
    var fieldCount: Int { self.fields.count }

    /// Whether a field is written in quotes.
    func isQuoted(_ field: Int) -> Bool { self.fields[field].isQuoted }

    /// Whether a field is empty and not quoted.
    func isBlank(_ field: Int) -> Bool {
        let place = self.fields[field]
        return place.start == place.end && !place.isQuoted
    }

    /// The bytes of a field between its quotes; a quote that is written twice is still so when
    /// ``hasDoubledQuotes(_:)`` says so.
    @_lifetime(copy self)
    func rawField(_ field: Int) -> Span<UInt8> {
        let place = self.fields[field]
        return self.bytes.extracting(place.start..<place.end)
    }

    /// Whether ``rawField(_:)`` needs ``append(_:to:)``.
    func hasDoubledQuotes(_ field: Int) -> Bool { self.fields[field].hasDoubledQuotes }

    /// Appends the value of a field.
    func append(_ field: Int, to output: inout [UInt8]) {
        let raw = self.rawField(field)
        guard self.hasDoubledQuotes(field) else {
            output.append(span: raw)
            return
        }
        output.append(halvingQuotesOf: raw)
    }

    /// Moves to the next record.
    mutating func next() -> Outcome {
        if !self.takesBlankLines { self.skipBlankLines() }
        self.fields.removeAll(keepingCapacity: true)
        let start = self.position
        let startLine = self.nextLine
        self.line = startLine
        guard start < self.bytes.count else { return self.isLast ? .end : .windowEnd }
        let outcome = self.takeFields()
        guard self.position == self.bytes.count, !self.isLast else { return outcome }
        self.position = start
        self.nextLine = startLine
        return .windowEnd
    }

    /// Takes the fields from the cursor to the end of the record.
    private mutating func takeFields() -> Outcome {
        var outcome = Outcome.record
        while true {
            if self.position < self.bytes.count, self.bytes[self.position] == quote {
                switch self.takeQuotedField() {
                case .record: break
                case .textAfterQuote: outcome = .textAfterQuote
                default:
                    self.line = self.nextLine
                    return .unterminatedQuote
                }
            } else {
                self.takeField()
            }
            // A field ends at a delimiter, at the end of a line, or at the end of the text.
            guard self.position < self.bytes.count else { return outcome }
            let byte = self.bytes[self.position]
            self.position += 1
            if byte == self.delimiter { continue }
            if byte == carriageReturn, self.position < self.bytes.count {
                self.position += 1
            }
            self.nextLine += 1
            return outcome
        }
    }

    private mutating func skipBlankLines() {
        while self.position < self.bytes.count, self.isLineEnd(self.position) {
            // Whether a line feed follows a CR at the very end, the next window tells.
            if !self.isLast, self.position + 1 == self.bytes.count,
                self.bytes[self.position] == carriageReturn
            {
                return
            }
            self.position += self.bytes[self.position] == carriageReturn ? 2 : 1
            self.nextLine += 1
        }
        self.position = min(self.position, self.bytes.count)
    }

    /// Whether LF, CRLF or a CR at the very end begins here.
    private func isLineEnd(_ index: Int) -> Bool {
        let byte = self.bytes[index]
        if byte == lineFeed { return true }
        guard byte == carriageReturn else { return false }
        return index + 1 == self.bytes.count || self.bytes[index + 1] == lineFeed
    }

    private mutating func takeField() {
        let start = self.position
        var index = start
        let bytes = self.bytes
        let delimiter = self.delimiter
        while index < bytes.count {
            let byte = bytes[index]
            if byte == delimiter || byte == lineFeed { break }
            if byte == carriageReturn, self.isLineEnd(index) { break }
            index += 1
        }
        self.position = index
        self.fields.append(
            Field(start: start, end: index, isQuoted: false, hasDoubledQuotes: false)
        )
    }

    private mutating func takeQuotedField() -> Outcome {
        let start = self.position + 1
        var index = start
        var lines = 0
        var hasDoubledQuotes = false
        let bytes = self.bytes
        while true {
            guard index < bytes.count else {
                self.position = index
                return .unterminatedQuote
            }
            let byte = bytes[index]
            index += 1
            if byte == lineFeed { lines += 1 }
            guard byte == quote else { continue }
            guard index < bytes.count, bytes[index] == quote else { break }
            hasDoubledQuotes = true
            index += 1
        }
        self.nextLine += lines
        self.fields.append(
            Field(start: start, end: index - 1, isQuoted: true, hasDoubledQuotes: hasDoubledQuotes)
        )
        self.position = index
        if index == bytes.count || bytes[index] == self.delimiter || self.isLineEnd(index) {
            return .record
        }
        // Where the record ends is a guess from here on: as if the rest were unquoted.
        self.takeField()
        self.fields.removeLast()
        return .textAfterQuote
    }
}

private let quote = UInt8(ascii: "\"")
private let lineFeed: UInt8 = 0x0A
private let carriageReturn: UInt8 = 0x0D
