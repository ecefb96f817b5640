import FeatureModel

// The members of a token in the token file: `hash`, `previous_hash` and so on, in snake case.
extension AccessToken: Codable {
    private enum CodingKeys: String, CodingKey {
        case name
        case scopes
        case project
        case views
        case created
        case expires
        case hash
        case previousHash
        case previousExpires
    }

    /// Reads a token, and checks what it says.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func refuse(_ key: CodingKeys, _ message: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: message)
        }
        func readHash(_ key: CodingKeys) throws -> String? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else {
                return nil
            }
            let isHash = text.utf8.count == 64 && text.utf8.allSatisfy(Self.isHexadecimal)
            guard isHash else { throw refuse(key, "a hash has 64 small hexadecimal digits") }
            return text
        }
        self.name = try container.decode(String.self, forKey: .name)
        if let problem = Self.problem(ofName: self.name) { throw refuse(.name, problem) }
        self.scopes = try container.decode([AccessScope].self, forKey: .scopes)
        guard !self.scopes.isEmpty else { throw refuse(.scopes, "a token has a scope") }
        self.project = try container.decodeIfPresent(String.self, forKey: .project)
        self.views = try container.decodeIfPresent([String].self, forKey: .views) ?? []
        self.created = try container.decode(Timestamp.self, forKey: .created)
        self.expires = try container.decodeIfPresent(Timestamp.self, forKey: .expires)
        guard let hash = try readHash(.hash) else { throw refuse(.hash, "a token has a hash") }
        self.hash = hash
        let end = try container.decodeIfPresent(Timestamp.self, forKey: .previousExpires)
        if let previous = try readHash(.previousHash) {
            guard let end else { throw refuse(.previousExpires, "a previous hash has an end") }
            self.previous = Previous(hash: previous, expires: end)
        }
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.name, forKey: .name)
        try container.encode(self.scopes, forKey: .scopes)
        try container.encodeIfPresent(self.project, forKey: .project)
        if !self.views.isEmpty { try container.encode(self.views, forKey: .views) }
        try container.encode(self.created, forKey: .created)
        try container.encodeIfPresent(self.expires, forKey: .expires)
        try container.encode(self.hash, forKey: .hash)
        try container.encodeIfPresent(self.previous?.hash, forKey: .previousHash)
        try container.encodeIfPresent(self.previous?.expires, forKey: .previousExpires)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
