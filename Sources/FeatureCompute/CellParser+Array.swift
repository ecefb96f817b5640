extension CellParser {
    /// Appends an array as compact JSON whose elements are canonical: whole numbers exact, floats
    /// with the fewest digits, times in RFC 3339, bytes in base64.
    ///
    /// - Returns: False when the text is no JSON array of the element type; nulls are none.
    mutating func appendArray(
        _ text: Span<UInt8>,
        element: CellKind,
        to bytes: inout [UInt8]
    ) -> Bool {
        guard JSONText.isUTF8(text) else { return false }
        var cursor = JSONText(text)
        guard cursor.take("[") else { return false }
        bytes.append(UInt8(ascii: "["))
        if cursor.take("]") {
            bytes.append(UInt8(ascii: "]"))
            return cursor.isAtEnd()
        }
        while true {
            guard let range = cursor.scalar(),
                self.appendElement(text.extracting(range), kind: element, to: &bytes)
            else { return false }
            if cursor.take(",") {
                bytes.append(UInt8(ascii: ","))
                continue
            }
            guard cursor.take("]") else { return false }
            bytes.append(UInt8(ascii: "]"))
            return cursor.isAtEnd()
        }
    }

    private mutating func appendElement(
        _ text: Span<UInt8>,
        kind: CellKind,
        to bytes: inout [UInt8]
    ) -> Bool {
        let isString = text[0] == UInt8(ascii: "\"")
        switch kind {
        case .int32, .int64:
            guard !isString, let value = self.integer(text, kind: kind) else { return false }
            CellFormatter.append(integer: value, to: &bytes)
            return true
        case .bool:
            // JSON has no other words that start with these letters.
            guard text[0] == UInt8(ascii: "t") || text[0] == UInt8(ascii: "f") else { return false }
            bytes.append(span: text)
            return true
        case .float32, .float64:
            return self.appendFloatElement(text, kind: kind, to: &bytes)
        case .unixTimestamp:
            // Epoch seconds stand bare, every other spelling in quotes.
            var inner: [UInt8] = []
            if isString {
                guard JSONString.decode(text, to: &inner) else { return false }
            } else {
                inner.append(span: text)
            }
            guard let time = self.time(inner.span) else { return false }
            CellFormatter.append(quotedTime: time, to: &bytes)
            return true
        default:
            guard isString else { return false }
            var inner: [UInt8] = []
            guard JSONString.decode(text, to: &inner) else { return false }
            if kind == .bytes {
                var decoded: [UInt8] = []
                guard Base64.decode(inner.span, to: &decoded) else { return false }
            }
            JSONString.encode(inner.span, to: &bytes)
            return true
        }
    }

    private func appendFloatElement(
        _ text: Span<UInt8>,
        kind: CellKind,
        to bytes: inout [UInt8]
    ) -> Bool {
        if text[0] == UInt8(ascii: "\"") {
            // Numbers stand bare; only what JSON cannot say stands in quotes.
            guard let value = self.float(text.extracting(1..<(text.count - 1)), kind: kind),
                !value.isFinite
            else { return false }
            CellFormatter.append(jsonFloat: value, isSingle: false, to: &bytes)
            return true
        }
        guard let value = self.float(text, kind: kind), value.isFinite else { return false }
        CellFormatter.append(jsonFloat: value, isSingle: kind == .float32, to: &bytes)
        return true
    }
}
