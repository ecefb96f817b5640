import Crypto
import FeatureModel
import Foundation

/// Everything that decides what a scan makes of the text of a source: two readings that are equal
/// give equal rows.
struct SourceReading: Codable, Hashable, Sendable {
    /// One name and type of a key or feature.
    struct Field: Codable, Hashable, Sendable {
        let column: String
        let type: ValueType
    }

    /// Changes whenever the same text is read in another way.
    private static let currentVersion = 1

    let version: Int
    /// The path or glob, with the folder that it starts from.
    let path: String
    let delimiter: String
    let nullValues: [String]
    let timezone: String?
    /// Which rules of time zones the machine has, where they matter.
    let timezoneData: String?
    let keys: [Field]
    let time: String?
    let created: String?
    let features: [Field]

    init(_ scan: SourceScan, options: DataSource.CSVOptions, root: SourceRoot) {
        let source = scan.source
        self.version = Self.currentVersion
        self.path = FilePattern.absolutePath(options.path, root: root)
        self.delimiter = options.delimiter
        self.nullValues = options.nullValues
        self.timezone = source.timezone
        let isLocal = source.timezone.map { $0 != "UTC" } ?? false
        self.timezoneData = isLocal ? TimeZone.timeZoneDataVersion : nil
        self.keys = scan.joinKeys.map {
            Field(column: source.sourceColumn(for: $0.name), type: $0.type)
        }
        self.time = source.timestampField.map { source.sourceColumn(for: $0) }
        self.created = source.createdTimestampColumn.map { source.sourceColumn(for: $0) }
        self.features = scan.features.map {
            Field(column: source.sourceColumn(for: $0.name), type: $0.type)
        }
    }

    /// The name of the file that holds the cache: the source's name, for people, and a hash.
    ///
    /// - Parameter source: The source's name.
    /// - Returns: The name, of letters that every file system takes.
    func fileName(source: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var hash = SHA256()
        hash.update(data: (try? encoder.encode(self)) ?? Data())
        let digits = hexadecimal(hash.finalize()).prefix(16)
        let letters = source.unicodeScalars.map { scalar -> Character in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar == "_")
            return isPlain || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
        }
        return "\(String(letters.prefix(60)))-\(digits)\(SourceCache.ending)"
    }
}

/// Bytes as hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
