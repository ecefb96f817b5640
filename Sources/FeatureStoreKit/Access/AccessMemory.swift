package import FeatureModel

/// What one connection has shown, so that a token that came before is not hashed again.
package struct AccessMemory: Sendable {
    /// What a request may do.
    package enum Verdict: Sendable {
        /// No tokens are in force, or the connection is trusted.
        case everything
        /// What the token allows.
        case granted(AccessGrant)
        /// There is no token.
        case missing
        /// There is one that does not count, and why.
        case refused(String)
    }

    private let control: AccessControl?
    private var generation: UInt64 = 0
    private var header: [UInt8] = []
    private var grant: AccessGrant?

    /// A connection that has shown nothing yet; without tokens to go by, one that is trusted.
    package init(_ control: AccessControl?) {
        self.control = control
    }

    /// Judges a request by its header `authorization`.
    ///
    /// - Parameters:
    ///   - range: Where the value of the header stands; `nil` when there is none.
    ///   - bytes: What it stands in.
    ///   - now: Asked when the token has an end.
    /// - Returns: What the request may do.
    /// - Complexity: O(1) without tokens; one comparison for what was shown before.
    package mutating func judge(
        _ range: Range<Int>?,
        in bytes: Span<UInt8>,
        now: () -> Timestamp = { Timestamp.now() }
    ) -> Verdict {
        guard let control = self.control else { return .everything }
        let generation = control.generation
        guard generation > 0 else { return .everything }
        guard let range else { return .missing }
        let authorization = bytes.extracting(range)
        if generation == self.generation, let grant = self.grant,
            constantTimeEqual(authorization, self.header.span)
        {
            guard let expires = grant.expires, expires <= now() else { return .granted(grant) }
        }
        self.grant = nil
        guard let secret = bearerToken(authorization) else {
            return .refused("The header Authorization has another form than: Bearer TOKEN.")
        }
        switch control.find(authorization.extracting(secret), now: now()) {
        case .granted(let grant):
            self.generation = generation
            self.header.removeAll(keepingCapacity: true)
            for index in authorization.indices { self.header.append(authorization[index]) }
            self.grant = grant
            return .granted(grant)
        case .expired(let name, let time):
            return .refused("The token \"\(name)\" has expired at \(time).")
        case .unknown:
            return .refused("The token is not known; it may have been revoked or rotated.")
        }
    }
}

/// Where the token stands behind `Bearer `, in any case; `nil` in anything else, or when it is
/// longer than any token.
private func bearerToken(_ authorization: Span<UInt8>) -> Range<Int>? {
    let scheme: StaticString = "bearer "
    let length = scheme.utf8CodeUnitCount
    guard authorization.count > length, authorization.count <= 512 else { return nil }
    for index in 0..<length {
        var byte = authorization[index]
        if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
        guard unsafe byte == scheme.utf8Start[index] else { return nil }
    }
    var start = length
    var end = authorization.count
    while start < end, authorization[start] == 0x20 { start += 1 }
    while end > start, authorization[end - 1] == 0x20 { end -= 1 }
    return start < end ? start..<end : nil
}
