import FeatureRegistry

/// JSON files that say themselves whether they are what was written.
///
/// The first member of the object is `_sha256`, on a line of its own: the SHA-256 of the file
/// without that line. A reader of JSON need not know of it.
enum SealedJSON {
    private static let head = Array("{\n".utf8)
    private static let start = Array("  \"_sha256\" : \"".utf8)
    private static let end = Array("\",\n".utf8)
    private static let hashLength = 64

    /// An object with its seal.
    ///
    /// - Parameter json: An object with a member a line, as the indented JSON of an encoder is.
    /// - Returns: The bytes of the file.
    static func sealed(_ json: [UInt8]) -> [UInt8] {
        precondition(json.starts(with: Self.head), "an object with a member a line")
        let hash = Array(ContentHash.text(of: json).utf8)
        return Self.head + Self.start + hash + Self.end + json.dropFirst(Self.head.count)
    }

    /// The object without its seal; `nil` when it has none, or is not what was sealed.
    static func unsealed(_ bytes: [UInt8]) -> [UInt8]? {
        let begin = Self.head + Self.start
        let hashEnd = begin.count + Self.hashLength
        guard bytes.starts(with: begin), bytes.count > hashEnd else { return nil }
        let hash = bytes[begin.count..<hashEnd]
        guard bytes[hashEnd...].starts(with: Self.end) else { return nil }
        let json = Self.head + bytes[(hashEnd + Self.end.count)...]
        return ContentHash.text(of: json).utf8.elementsEqual(hash) ? json : nil
    }
}
