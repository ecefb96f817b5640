/// The head of a request that is plain beyond doubt, so that its end is known before it is parsed.
///
/// That is HTTP/1.1, a line for each header, one host, at most one content-length, and nothing that
/// changes how the body is framed or the connection used. Everything else is left to the parser,
/// which says what is wrong where something is.
struct PlainRequestHead {
    /// The bytes of the head, with the empty line.
    let length: Int
    /// The bytes of the body.
    let bodyLength: Int
    /// Whether it is a read of online features.
    let isOnlineFeatures: Bool
    /// Where the value of the header `x-request-id` stands; `nil` when there is none.
    let requestID: Range<Int>?
    /// Where the value of the header `authorization` stands; `nil` when there is none.
    let authorization: Range<Int>?

    private static let maximumLength = 8192

    /// Reads the head at the start of some bytes.
    ///
    /// - Returns: `nil` when it is not there as a whole, or not plain.
    /// - Complexity: O(bytes of the head).
    init?(_ bytes: Span<UInt8>) {
        let limit = min(bytes.count, Self.maximumLength)
        let hot: StaticString = "POST /get-online-features HTTP/1.1\r\n"
        var position: Int
        if starts(bytes, with: hot, at: 0) {
            self.isOnlineFeatures = true
            position = hot.utf8CodeUnitCount
        } else {
            self.isOnlineFeatures = false
            guard let end = requestLineEnd(bytes, limit: limit) else { return nil }
            position = end
        }
        var bodyLength = -1
        var hosts = 0
        var requestID: Range<Int>?
        var authorization: Range<Int>?
        while true {
            guard position + 1 < limit else { return nil }
            if bytes[position] == carriageReturn {
                guard bytes[position + 1] == lineFeed, hosts == 1 else { return nil }
                self.length = position + 2
                self.bodyLength = max(bodyLength, 0)
                self.requestID = requestID
                self.authorization = authorization
                return
            }
            guard let line = HeaderLine(bytes, from: position, limit: limit) else { return nil }
            switch line.nameLength {
            case 14 where line.isNamed("content-length", bytes):
                guard bodyLength < 0, let length = line.number(bytes) else { return nil }
                bodyLength = length
            case 12 where line.isNamed("x-request-id", bytes):
                requestID = requestID ?? line.valueRange(bytes)
            case 4 where line.isNamed("host", bytes): hosts += 1
            case 13 where line.isNamed("authorization", bytes):
                guard authorization == nil else { return nil }
                authorization = line.valueRange(bytes)
            case 10 where line.isNamed("connection", bytes):
                guard line.hasValue("keep-alive", bytes) else { return nil }
            case 6 where line.isNamed("accept", bytes):
                // Whoever asks for one form gets it the general way, which weighs all of them.
                guard line.hasValue("*/*", bytes) || line.hasValue("application/json", bytes)
                else { return nil }
            case 17 where line.isNamed("transfer-encoding", bytes),
                6 where line.isNamed("expect", bytes),
                7 where line.isNamed("upgrade", bytes),
                7 where line.isNamed("trailer", bytes),
                16 where line.isNamed("proxy-connection", bytes):
                return nil
            default: break
            }
            position = line.end
        }
    }
}

private let carriageReturn: UInt8 = 0x0D
private let lineFeed: UInt8 = 0x0A

/// One line `name: value` of a head.
private struct HeaderLine {
    let start: Int
    let colon: Int
    /// After the line's own end.
    let end: Int

    init?(_ bytes: Span<UInt8>, from start: Int, limit: Int) {
        var position = start
        while position < limit, isToken(bytes[position]) {
            position += 1
        }
        guard position > start, position < limit, bytes[position] == UInt8(ascii: ":") else {
            return nil
        }
        self.start = start
        self.colon = position
        position += 1
        while position < limit {
            let byte = bytes[position]
            guard byte >= 0x20 && byte < 0x7F || byte == 0x09 else { break }
            position += 1
        }
        guard position + 1 < limit, bytes[position] == carriageReturn,
            bytes[position + 1] == lineFeed
        else { return nil }
        self.end = position + 2
    }

    /// The number of the name's bytes.
    var nameLength: Int { self.colon - self.start }

    func isNamed(_ name: StaticString, _ bytes: Span<UInt8>) -> Bool {
        isEqual(bytes, self.start..<self.colon, name)
    }

    /// Whether that is the value, in any case.
    func hasValue(_ value: StaticString, _ bytes: Span<UInt8>) -> Bool {
        isEqual(bytes, self.valueRange(bytes), value)
    }

    /// The value as at most nine digits.
    func number(_ bytes: Span<UInt8>) -> Int? {
        let range = self.valueRange(bytes)
        guard (1...9).contains(range.count) else { return nil }
        var value = 0
        for index in range {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// Where the value stands, without white space around it.
    func valueRange(_ bytes: Span<UInt8>) -> Range<Int> {
        var start = self.colon + 1
        var end = self.end - 2
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 {
            start += 1
        }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 {
            end -= 1
        }
        return start..<end
    }
}

/// Whether the bytes are that text, letters in any case; the text has small ones.
private func isEqual(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    var offset = 0
    for index in range {
        var byte = bytes[index]
        if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
        guard unsafe byte == text.utf8Start[offset] else { return false }
        offset += 1
    }
    return true
}

private func starts(_ bytes: Span<UInt8>, with text: StaticString, at start: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard start + count <= bytes.count else { return false }
    for offset in 0..<count {
        guard unsafe bytes[start + offset] == text.utf8Start[offset] else { return false }
    }
    return true
}

/// The end of a line `GET /path HTTP/1.1`, of the methods that have no framing of their own.
private func requestLineEnd(_ bytes: Span<UInt8>, limit: Int) -> Int? {
    var position: Int
    if starts(bytes, with: "POST /", at: 0) {
        position = 6
    } else if starts(bytes, with: "GET /", at: 0) {
        position = 5
    } else {
        return nil
    }
    while position < limit, bytes[position] > 0x20, bytes[position] < 0x7F {
        position += 1
    }
    let rest: StaticString = " HTTP/1.1\r\n"
    guard position < limit, starts(bytes, with: rest, at: position) else { return nil }
    return position + rest.utf8CodeUnitCount
}

/// Whether a byte may be in a header's name.
private func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
    default: false
    }
}
