import FeatureStoreKit
import NIOHTTP1

/// The answer to a request, apart from the connection that it goes to.
struct HTTPAnswer: Sendable, Equatable {
    /// A field of its head.
    struct Field: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The status.
    var status: HTTPResponseStatus = .ok
    /// A JSON text, or nothing, or what the content type says.
    var body: [UInt8] = []
    /// What the body is.
    var contentType = "application/json"
    /// What its head has besides type and length.
    var fields: [Field] = []
    /// What the client has run into, when it is one of the limits or the access rules.
    var refusal: Refusal?
    /// What the client's token lacks, when that is why it is refused.
    var denial: AccessDenial?
    /// Why it failed, for the log; `nil` when nothing failed but the client's request.
    var failure: String?

    /// `{"detail": message}`, the body of Feast's server for what has no class.
    static func detail(
        _ message: String,
        status: HTTPResponseStatus,
        refusal: Refusal? = nil
    ) -> HTTPAnswer {
        var body = Array(#"{"detail":"#.utf8)
        body.append(jsonString: message)
        body.append(UInt8(ascii: "}"))
        return HTTPAnswer(status: status, body: body, refusal: refusal)
    }

    /// The same with one more field.
    func with(_ name: String, _ value: String) -> HTTPAnswer {
        var answer = self
        answer.fields.append(Field(name: name, value: value))
        return answer
    }
}

extension HTTPAnswer {
    /// There are as many requests of that kind as there may be: the client may try again.
    static func busy(_ message: String) -> HTTPAnswer {
        .detail(message, status: .serviceUnavailable, refusal: .busy).with("retry-after", "1")
    }

    /// There is no token that counts.
    static func unauthorized(_ message: String, isInvalid: Bool) -> HTTPAnswer {
        .detail(message, status: .unauthorized, refusal: .unauthorized)
            .with(
                "www-authenticate",
                #"Bearer realm="fstore""# + (isInvalid ? #", error="invalid_token""# : "")
            )
    }

    /// The token does not allow it.
    static func forbidden(_ denial: AccessDenial) -> HTTPAnswer {
        var answer = HTTPAnswer.detail(denial.message, status: .forbidden, refusal: .forbidden)
        answer.denial = denial
        return answer.with(
            "www-authenticate",
            #"Bearer realm="fstore", error="insufficient_scope""#
        )
    }
}
