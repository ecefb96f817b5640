import FeatureCompute
import FeatureModel
import NIOHTTP1

/// A request that is wrong in itself, whatever the store holds, with the answer to it.
struct RequestError: Error, Equatable {
    /// One step to a place in a request's body: `entities`, or the index of an element.
    enum LocationStep: Equatable {
        case key(String)
        case index(Int)
    }

    /// What the client is told.
    let answer: HTTPAnswer

    /// The body is no JSON text.
    static func invalidJSON(_ reason: String, offset: Int) -> RequestError {
        var body = Array(#"{"detail":[{"type":"json_invalid","loc":["body","#.utf8)
        CellFormatter.append(integer: Int64(offset), to: &body)
        body.append(contentsOf: #"],"msg":"JSON decode error","input":{},"ctx":{"error":"#.utf8)
        body.append(jsonString: reason)
        body.append(contentsOf: "}}]}".utf8)
        return RequestError(answer: HTTPAnswer(status: .unprocessableEntity, body: body))
    }

    /// A part of the body is missing or of the wrong kind, in pydantic's words.
    static func invalid(
        _ type: StaticString,
        at location: [LocationStep],
        _ message: String
    ) -> RequestError {
        var body = Array(#"{"detail":[{"type":"#.utf8)
        body.append(jsonString: String(describing: type))
        body.append(contentsOf: #","loc":["body""#.utf8)
        for step in location {
            body.append(UInt8(ascii: ","))
            switch step {
            // What a client made up may be long.
            case .key(let key): body.append(jsonString: key.shortened(toBytes: 100))
            case .index(let index): CellFormatter.append(integer: Int64(index), to: &body)
            }
        }
        body.append(contentsOf: #"],"msg":"#.utf8)
        body.append(jsonString: message)
        body.append(contentsOf: "}]}".utf8)
        return RequestError(answer: HTTPAnswer(status: .unprocessableEntity, body: body))
    }

    /// A required part of the body is missing.
    static func missing(_ key: String) -> RequestError {
        .invalid("missing", at: [.key(key)], "Field required")
    }

    /// An endpoint has a query, and takes none.
    static func unknownQuery(_ query: String) -> RequestError {
        RequestError(
            answer: .detail(
                "This takes no query, and \"\(query.shortened(toBytes: 100))\" would not be "
                    + "heeded; say it in the body.",
                status: .unprocessableEntity
            )
        )
    }

    /// A name is longer than any name.
    static func nameTooLong(at location: [LocationStep]) -> RequestError {
        .invalid(
            "string_too_long",
            at: location,
            "A name should have at most \(maximumNameBytes) bytes"
        )
    }

    /// The parts of the body are well formed, but do not fit together.
    ///
    /// `refusal` is the limit that the client has run into, if that is what is wrong.
    static func badRequest(_ message: String, refusal: Refusal? = nil) -> RequestError {
        RequestError(answer: .detail(message, status: .badRequest, refusal: refusal))
    }
}
