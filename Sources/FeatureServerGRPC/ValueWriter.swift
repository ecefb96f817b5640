import FeatureCompute
import FeatureModel

/// Writes values that are physically bytes as Feast's `Value`, from their canonical forms.
struct ValueWriter {
    /// The fields of `Value` that hold a text or a message.
    private enum Field {
        static let bytes = 1
        static let string = 2
        static let null = 19
        static let map = 20
        static let json = 32
        static let uuid = 36
        static let list = 42
        static let decimal = 44
    }

    /// How deep maps may lie in each other, which is what the store takes.
    private static let maximumDepth = 200

    private let type: CellType

    init(_ type: ValueType) {
        self.type = CellType(type)
    }

    /// Appends the fields of one `Value`.
    ///
    /// - Returns: False when the bytes are not what the type says; part of them may have been
    ///   appended then.
    func append(_ bytes: Span<UInt8>, to value: inout [UInt8]) -> Bool {
        switch self.type.kind {
        case .bytes: Self.append(Field.bytes, bytes, to: &value)
        case .json: Self.append(Field.json, text: bytes, to: &value)
        case .uuid: Self.append(Field.uuid, text: bytes, to: &value)
        case .decimal: Self.append(Field.decimal, text: bytes, to: &value)
        case .array: return self.appendArray(bytes, to: &value)
        case .map:
            var cursor = JSONText(bytes)
            return Self.append(&cursor, in: bytes, depth: 0, to: &value) && cursor.isAtEnd()
        default: Self.append(Field.string, text: bytes, to: &value)
        }
        return true
    }

    private static func append(_ field: Int, _ bytes: Span<UInt8>, to value: inout [UInt8]) {
        value.append(lengthDelimitedTag: field)
        value.append(varint: UInt64(bytes.count))
        value.append(span: bytes)
    }

    /// Bytes that are no UTF-8 become U+FFFD, as in the JSON answer: a client refuses the whole
    /// message otherwise.
    private static func append(_ field: Int, text: Span<UInt8>, to value: inout [UInt8]) {
        if JSONText.isUTF8(text) {
            self.append(field, text, to: &value)
        } else {
            let repaired = unsafe text.withUnsafeBufferPointer { buffer in
                unsafe Array(String(decoding: buffer, as: UTF8.self).utf8)
            }
            value.append(field: field, bytes: repaired)
        }
    }

    // MARK: Arrays

    /// The field of `Value` for a list of the elements.
    private var listField: Int {
        switch self.type.element {
        case .bytes: 11
        case .int32: 13
        case .int64: 14
        case .float64: 15
        case .float32: 16
        case .bool: 17
        case .unixTimestamp: 18
        default: 12
        }
    }

    private func appendArray(_ text: Span<UInt8>, to value: inout [UInt8]) -> Bool {
        var cursor = JSONText(text)
        var parser = CellParser()
        var elements: [UInt8] = []
        guard cursor.take("[") else { return false }
        if !cursor.take("]") {
            repeat {
                guard let range = cursor.scalar(),
                    self.appendElement(text.extracting(range), parser: &parser, to: &elements)
                else { return false }
            } while cursor.take(",")
            guard cursor.take("]") else { return false }
        }
        let isPacked = self.type.element.physicalType != .bytes
        var list: [UInt8] = []
        if isPacked, !elements.isEmpty {
            list.append(field: 1, bytes: elements)
        } else {
            list = elements
        }
        value.append(field: self.listField, bytes: list)
        return cursor.isAtEnd()
    }

    /// Appends a number as it stands in a packed field, or a text as a field of its own.
    private func appendElement(
        _ scalar: Span<UInt8>,
        parser: inout CellParser,
        to elements: inout [UInt8]
    ) -> Bool {
        let kind = self.type.element
        let isQuoted = scalar[0] == UInt8(ascii: "\"")
        let inner = isQuoted ? scalar.extracting(1..<(scalar.count - 1)) : scalar
        switch kind {
        case .int32, .int64:
            guard let number = parser.integer(inner, kind: kind) else { return false }
            elements.append(varint: number)
        case .bool:
            elements.append(inner[0] == UInt8(ascii: "t") ? 1 : 0)
        case .unixTimestamp:
            guard let time = parser.time(inner) else { return false }
            elements.append(varint: wholeSeconds(time))
        case .float32:
            guard let number = parser.float(inner, kind: kind) else { return false }
            elements.append(fixed: Float(number).bitPattern)
        case .float64:
            guard let number = parser.float(inner, kind: kind) else { return false }
            elements.append(fixed: number.bitPattern)
        default:
            var decoded: [UInt8] = []
            guard isQuoted, JSONString.decode(scalar, to: &decoded) else { return false }
            if kind == .bytes {
                var bytes: [UInt8] = []
                guard Base64.decode(decoded.span, to: &bytes) else { return false }
                decoded = bytes
            }
            elements.append(field: 1, bytes: decoded)
        }
        return true
    }

    // MARK: Maps

    /// Appends the next value of a JSON text: objects are maps, arrays are lists of values, whole
    /// numbers of 64 bits are int64 and other numbers double.
    private static func append(
        _ cursor: inout JSONText,
        in text: Span<UInt8>,
        depth: Int,
        to value: inout [UInt8]
    ) -> Bool {
        guard depth <= self.maximumDepth, let first = cursor.peek() else { return false }
        switch first {
        case UInt8(ascii: "{"):
            return self.appendMap(&cursor, in: text, depth: depth, to: &value)
        case UInt8(ascii: "["):
            return self.appendList(&cursor, in: text, depth: depth, to: &value)
        default:
            guard let range = cursor.scalar() else { return false }
            return self.append(scalar: text.extracting(range), to: &value)
        }
    }

    private static func appendMap(
        _ cursor: inout JSONText,
        in text: Span<UInt8>,
        depth: Int,
        to value: inout [UInt8]
    ) -> Bool {
        var map: [UInt8] = []
        guard cursor.take("{") else { return false }
        if !cursor.take("}") {
            repeat {
                guard let range = cursor.scalar() else { return false }
                var name: [UInt8] = []
                var member: [UInt8] = []
                guard JSONString.decode(text.extracting(range), to: &name), cursor.take(":"),
                    self.append(&cursor, in: text, depth: depth + 1, to: &member)
                else { return false }
                var entry: [UInt8] = []
                entry.append(field: 1, bytes: name)
                entry.append(field: 2, bytes: member)
                map.append(field: 1, bytes: entry)
            } while cursor.take(",")
            guard cursor.take("}") else { return false }
        }
        value.append(field: Field.map, bytes: map)
        return true
    }

    private static func appendList(
        _ cursor: inout JSONText,
        in text: Span<UInt8>,
        depth: Int,
        to value: inout [UInt8]
    ) -> Bool {
        var list: [UInt8] = []
        guard cursor.take("[") else { return false }
        if !cursor.take("]") {
            repeat {
                var element: [UInt8] = []
                guard self.append(&cursor, in: text, depth: depth + 1, to: &element) else {
                    return false
                }
                list.append(field: 1, bytes: element)
            } while cursor.take(",")
            guard cursor.take("]") else { return false }
        }
        value.append(field: Field.list, bytes: list)
        return true
    }

    private static func append(scalar: Span<UInt8>, to value: inout [UInt8]) -> Bool {
        switch scalar[0] {
        case UInt8(ascii: "\""):
            var string: [UInt8] = []
            guard JSONString.decode(scalar, to: &string) else { return false }
            self.append(Field.string, text: string.span, to: &value)
        case UInt8(ascii: "n"):
            value.append(varint: UInt64(Field.null) << 3)
            value.append(0)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            value.append(7 << 3)
            value.append(scalar[0] == UInt8(ascii: "t") ? 1 : 0)
        default:
            if !self.hasFraction(scalar), let number = NumberText.integer(scalar) {
                value.append(4 << 3)
                value.append(varint: number)
            } else {
                // Beyond the range of a double: an infinity, as Python reads such JSON.
                let sign: Double = scalar[0] == UInt8(ascii: "-") ? -1 : 1
                let number = NumberText.double(scalar) ?? sign * .infinity
                value.append(5 << 3 | 1)
                value.append(fixed: number.bitPattern)
            }
        }
        return true
    }

    /// Whether a JSON number has a point or an exponent, which makes it a float in Python.
    private static func hasFraction(_ number: Span<UInt8>) -> Bool {
        for index in 0..<number.count {
            switch number[index] {
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return true
            default: continue
            }
        }
        return false
    }
}
