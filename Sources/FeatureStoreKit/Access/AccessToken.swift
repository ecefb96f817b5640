public import FeatureModel
import FeatureRegistry

/// What the token file has of one token: everything but the token.
public struct AccessToken: Hashable, Sendable {
    /// What people call it.
    public let name: String
    /// What it may be used for; ``AccessScope/admin`` is all of it.
    public let scopes: [AccessScope]
    /// The project that it is for; `nil` for every project whose server goes by the file.
    public let project: String?
    /// Patterns of the views that it is for; none for all views.
    public let views: [String]
    /// When it was made, or last rotated.
    public let created: Timestamp
    /// When it ends; `nil` for never.
    public let expires: Timestamp?
    /// The SHA-256 of the token, as 64 hexadecimal digits.
    let hash: String
    /// That of the token before the last rotation, and when that one ends.
    var previous: Previous?

    struct Previous: Hashable, Sendable {
        let hash: String
        let expires: Timestamp
    }

    /// What a token begins with, so that people and scanners know it when they see one.
    static let prefix = "fst_"

    /// A new token: 256 random bits.
    static func makeSecret() -> String {
        let letters = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
        )
        // The system's generator: getrandom(2).
        var generator = SystemRandomNumberGenerator()
        var text = Array(self.prefix.utf8)
        for _ in 0..<43 { text.append(letters[Int(generator.next() & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The hash that stands for a token.
    ///
    /// It is fast on purpose: nobody can try 2^256 tokens, however fast they are tried.
    static func hash(of secret: some Sequence<UInt8>) -> String {
        ContentHash.text(of: Array(secret))
    }

    /// What is wrong with a name; `nil` when nothing is.
    static func problem(ofName name: String) -> String? {
        let isWord = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard !isWord || name.isEmpty || name.utf8.count > 64 else { return nil }
        return "\"\(name)\" is no name for a token; use 1 to 64 letters, digits, _, - and ."
    }
}
