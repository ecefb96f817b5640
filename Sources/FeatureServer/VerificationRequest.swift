/// The body of `/verify`.
struct VerificationRequest: Equatable, Sendable {
    /// The views to compare; `nil` for all.
    var views: [String]?

    /// Reads a body; a list that is null counts as absent.
    ///
    /// - Throws: The answer to a body that is no JSON, or has anything else in it.
    init(json: Span<UInt8>) throws(RequestError) {
        var parser = JSONParser(json)
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "feature_views": self.views = try parser.takeStrings(at: [.key(key)])
            default: throw MemberReader.unknown(key, known: ["feature_views"])
            }
        }
        try parser.finish()
    }
}
