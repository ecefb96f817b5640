import NIOHTTP1

/// What a request is called in the log and in the head of its answer.
struct RequestIdentity: Equatable, Sendable {
    /// The client's `X-Request-ID`, or one that was made.
    let id: String
    /// The trace that it belongs to; `nil` when it names none.
    let trace: TraceContext?

    /// The bytes of a client's id.
    static let maximumLength = 128

    /// Takes what the head of a request says, and makes what it does not.
    init(_ headers: HTTPHeaders) {
        let given = headers.first(name: "x-request-id")
        self.id = given.flatMap { Self.isAcceptable($0.utf8) ? $0 : nil } ?? randomDigits()
        self.trace = headers.first(name: "traceparent").flatMap {
            TraceContext(traceparent: $0, spanID: randomDigits())
        }
    }

    /// Puts it into the head of an answer.
    func add(to answer: inout HTTPAnswer) {
        answer.fields.append(HTTPAnswer.Field(name: "x-request-id", value: self.id))
        if let trace = self.trace {
            answer.fields.append(HTTPAnswer.Field(name: "traceresponse", value: trace.response))
        }
    }

    /// Whether a client's id is kept: visible ASCII, and not too long.
    ///
    /// Quotes and backslashes are not: ids are copied into commands and logs.
    static func isAcceptable(_ id: some Collection<UInt8>) -> Bool {
        (1...self.maximumLength).contains(id.count)
            && id.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
    }
}
