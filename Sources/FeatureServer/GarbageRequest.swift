/// The body of `/gc`.
struct GarbageRequest: Equatable, Sendable {
    /// Whether it is only told what would be removed.
    var isDryRun = false

    /// Reads a body, such as `{"dry_run": true}` or `{}`.
    ///
    /// - Throws: The answer to a body that is no JSON, or has anything else in it.
    init(json: Span<UInt8>) throws(RequestError) {
        var parser = JSONParser(json)
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "dry_run":
                self.isDryRun = try parser.takeBoolean(at: [.key(key)])
            default: throw MemberReader.unknown(key, known: ["dry_run"])
            }
        }
        try parser.finish()
    }
}
