/// The body of `/verify`.
struct VerificationRequest: Equatable, Sendable {
    /// The views to compare; `nil` for all.
    var views: [String]?

    /// Reads a body; unknown keys are ignored, and a key of value null counts as absent.
    ///
    /// - Throws: The answer to a body that is no JSON.
    init(json: Span<UInt8>) throws(RequestError) {
        var parser = JSONParser(json)
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "feature_views": self.views = try parser.takeStrings(at: [.key(key)])
            default: try parser.skipValue()
            }
        }
        try parser.finish()
    }
}
