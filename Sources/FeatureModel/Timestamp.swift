/// An instant, as whole microseconds since 1970-01-01T00:00:00Z.
///
/// Every time in fstore has this type, so that no comparison ever depends on a time zone. Text is
/// read by ``ParsedTimestamp`` and written by ``description``, always in UTC.
public struct Timestamp: Hashable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public var microseconds: Int64

    /// An instant that many microseconds after 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// 1970-01-01T00:00:00Z, which Feast's protocol gives for "no event time".
    public static let epoch = Timestamp(microseconds: 0)

    /// 0001-01-01T00:00:00Z, the earliest instant that text can name.
    public static let earliest = Timestamp(microseconds: -62_135_596_800_000_000)

    /// 9999-12-31T23:59:59.999999Z, the latest instant that text can name.
    public static let latest = Timestamp(microseconds: 253_402_300_799_999_999)
}

extension Timestamp: Comparable {
    /// Whether the left instant is the earlier one.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Timestamp: Codable {
    /// Reads the text that ``description`` gives.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is no time"
            )
        }
        self = time
    }

    /// Writes ``description``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with `Z` and 0, 3 or 6 fractional digits, whichever is shortest and exact.
    public var description: String {
        var bytes: [UInt8] = []
        self.append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
