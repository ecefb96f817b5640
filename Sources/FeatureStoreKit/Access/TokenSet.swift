import FeatureModel

/// The tokens in force at one time.
struct TokenSet: Sendable {
    /// What a text stands for.
    enum Finding: Sendable {
        case granted(AccessGrant)
        case expired(name: String, since: Timestamp)
        case unknown
    }

    private struct Entry: Sendable {
        let hash: [UInt8]
        let grant: AccessGrant
    }

    private let entries: [Entry]

    init(_ tokens: [AccessToken]) {
        self.entries = tokens.flatMap { token -> [Entry] in
            var entries = [
                Entry(
                    hash: Array(token.hash.utf8),
                    grant: AccessGrant(token, expires: token.expires)
                )
            ]
            if let previous = token.previous {
                let end = min(previous.expires, token.expires ?? previous.expires)
                entries.append(
                    Entry(
                        hash: Array(previous.hash.utf8),
                        grant: AccessGrant(token, expires: end)
                    )
                )
            }
            return entries
        }
    }

    /// Looks a token up.
    ///
    /// Its hash is compared with all there are, byte by byte to the end, so that the time that it
    /// takes tells nothing about them.
    func find(_ secret: Span<UInt8>, now: Timestamp) -> Finding {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(secret.count)
        for index in secret.indices { bytes.append(secret[index]) }
        let hash = Array(AccessToken.hash(of: bytes).utf8)
        var found: AccessGrant?
        for entry in self.entries where constantTimeEqual(entry.hash.span, hash.span) {
            found = entry.grant
        }
        guard let found else { return .unknown }
        if let expires = found.expires, expires <= now {
            return .expired(name: found.name, since: expires)
        }
        return .granted(found)
    }
}

/// Whether bytes are equal, in a time that depends on their number alone.
package func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices {
        difference |= left[index] ^ right[index]
    }
    return difference == 0
}
