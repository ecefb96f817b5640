/// The body of `/gc`.
struct GarbageRequest: Equatable, Sendable {
    /// Whether it is only told what would be removed.
    var isDryRun = false

    /// Reads a body; unknown keys are ignored, and a key of value null counts as absent.
    ///
    /// - Throws: The answer to a body that is no JSON.
    init(json: Span<UInt8>) throws(RequestError) {
        var parser = JSONParser(json)
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "dry_run":
                self.isDryRun = try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            default: try parser.skipValue()
            }
        }
        try parser.finish()
    }
}
