import NIOHTTP1

/// The answer to a request, apart from the connection that it goes to.
struct HTTPAnswer: Sendable, Equatable {
    /// The status.
    var status: HTTPResponseStatus
    /// A JSON text, or nothing, or what the content type says.
    var body: [UInt8] = []
    /// What the body is.
    var contentType = "application/json"
    /// The methods that the path allows, where the request used another.
    var allowedMethods: String?

    /// `{"detail": message}`, the body of Feast's server for what has no class.
    static func detail(_ message: String, status: HTTPResponseStatus) -> HTTPAnswer {
        var body = Array(#"{"detail":"#.utf8)
        body.append(jsonString: message)
        body.append(UInt8(ascii: "}"))
        return HTTPAnswer(status: status, body: body)
    }
}
