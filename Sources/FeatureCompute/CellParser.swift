import FeatureModel

/// Reads the text of single cells, strictly: a text is wholly a value of the type, or it is none.
///
/// Nothing is trimmed. Whether a text means null is for the caller to say beforehand.
package struct CellParser {
    /// What turns local microseconds into UTC for times without zone; `nil` when they are UTC.
    private let localToUTC: ((Int64) -> Int64)?
    /// Whether whole numbers and seconds may have an exponent, as they may in JSON.
    private let allowsExponents: Bool
    /// Whether a time without zone was read.
    package private(set) var sawZonelessTime = false
    /// Whether a time was read as seconds that is a date without dashes as well.
    package private(set) var sawDateWithoutDashes = false

    package init(localToUTC: ((Int64) -> Int64)? = nil, allowsExponents: Bool = false) {
        self.localToUTC = localToUTC
        self.allowsExponents = allowsExponents
    }

    /// Appends the value that a text stands for.
    ///
    /// - Returns: False, and nothing is appended, when the text cannot be of the column's type.
    package mutating func append(_ text: Span<UInt8>, to builder: inout ColumnBuilder) -> Bool {
        let type = builder.cellType
        switch type.kind {
        case .int32, .int64, .bool, .unixTimestamp:
            guard let value = self.integer(text, kind: type.kind) else { return false }
            builder.append(integer: value)
            return true
        case .float32, .float64:
            guard let value = self.float(text, kind: type.kind) else { return false }
            builder.append(float: value)
            return true
        case .string:
            guard JSONText.isUTF8(text) else { return false }
            builder.append(bytes: text)
            return true
        default:
            // A closure cannot hold a span: the canonical bytes go through an array.
            var bytes: [UInt8] = []
            guard self.appendCanonical(text, type: type, to: &bytes) else { return false }
            builder.append(bytes: bytes.span)
            return true
        }
    }

    /// The value of an int32, int64, bool or unix_timestamp; `nil` when the text is none.
    package mutating func integer(_ text: Span<UInt8>, kind: CellKind) -> Int64? {
        switch kind {
        case .int32:
            guard let value = self.wholeNumber(text), Int32(exactly: value) != nil else {
                return nil
            }
            return value
        case .int64:
            return self.wholeNumber(text)
        case .bool:
            return Self.bool(text)
        default:
            return self.time(text)
        }
    }

    /// The value of a float32, widened, or a float64; `nil` when the text is none.
    package func float(_ text: Span<UInt8>, kind: CellKind) -> Double? {
        kind == .float32 ? NumberText.float(text).map { Double($0) } : NumberText.double(text)
    }

    /// Appends the canonical bytes of a type that is physically bytes.
    ///
    /// - Returns: False when the text is no value; part of it may have been appended then.
    package mutating func appendCanonical(
        _ text: Span<UInt8>,
        type: CellType,
        to bytes: inout [UInt8]
    ) -> Bool {
        switch type.kind {
        case .string:
            guard JSONText.isUTF8(text) else { return false }
            bytes.append(span: text)
            return true
        case .bytes:
            return Base64.decode(text, to: &bytes)
        case .array:
            return self.appendArray(text, element: type.element, to: &bytes)
        case .map:
            return JSONText.compact(text, mustBeObject: true, to: &bytes)
        case .json:
            return JSONText.compact(text, mustBeObject: false, to: &bytes)
        case .uuid:
            return Self.appendUUID(text, to: &bytes)
        case .decimal:
            guard NumberText.isDecimal(text) else { return false }
            bytes.append(span: text)
            return true
        default:
            preconditionFailure("numbers have no canonical bytes")
        }
    }

    private func wholeNumber(_ text: Span<UInt8>) -> Int64? {
        if let value = NumberText.integer(text) { return value }
        return self.allowsExponents ? NumberText.wholeNumber(text) : nil
    }

    /// An instant in microseconds; `nil` when the text is no time of the years 1 to 9999.
    package mutating func time(_ text: Span<UInt8>) -> Int64? {
        guard let parsed = ParsedTimestamp(utf8: text) else {
            guard self.allowsExponents, let seconds = NumberText.double(text) else { return nil }
            return Self.time(seconds: seconds)
        }
        if parsed.hasZone {
            if text.count == 8, Self.isDateWithoutDashes(text) { self.sawDateWithoutDashes = true }
            return parsed.microseconds
        }
        self.sawZonelessTime = true
        guard let localToUTC = self.localToUTC else { return parsed.microseconds }
        return Self.instant(localToUTC(parsed.microseconds))
    }

    /// An instant in microseconds, to the nearest; `nil` beyond the years 1 to 9999.
    static func time(seconds: Double) -> Int64? {
        let time = (seconds * 1_000_000).rounded(.toNearestOrEven)
        return Int64(exactly: time).flatMap(Self.instant)
    }

    /// The instant, when it is within the years 1 to 9999.
    static func instant(_ time: Int64) -> Int64? {
        let all = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        return all.contains(time) ? time : nil
    }

    /// Whether a text is eight digits that are most likely meant as a date, such as `20240101`.
    ///
    /// It is read as seconds since 1970 all the same, as any number is.
    package static func isDateWithoutDashes(_ text: Span<UInt8>) -> Bool {
        guard text.count == 8 else { return false }
        var number: Int64 = 0
        for index in text.indices {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return false }
            number = number * 10 + Int64(digit)
        }
        let date = CivilDate(
            year: number / 10_000,
            month: number / 100 % 100,
            day: number % 100
        )
        return 1900...2199 ~= date.year && date.isValid
    }

    private static func bool(_ text: Span<UInt8>) -> Int64? {
        if text.count == 1 {
            switch text[0] {
            case UInt8(ascii: "1"), UInt8(ascii: "t"), UInt8(ascii: "T"): return 1
            case UInt8(ascii: "0"), UInt8(ascii: "f"), UInt8(ascii: "F"): return 0
            default: return nil
            }
        }
        if isWord(text, "true") { return 1 }
        return isWord(text, "false") ? 0 : nil
    }

    private static func isWord(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
        guard text.count == word.utf8CodeUnitCount else { return false }
        for index in text.indices {
            let byte = text[index]
            guard byte >= 0x41, unsafe byte | 0x20 == word.utf8Start[index] else { return false }
        }
        return true
    }

    private static func appendUUID(_ text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        guard text.count == 36 else { return false }
        for index in text.indices {
            let byte = text[index]
            switch index {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return false }
                bytes.append(byte)
            default:
                guard hexadecimalDigit(byte) != nil else { return false }
                bytes.append(byte | 0x20)
            }
        }
        return true
    }
}
