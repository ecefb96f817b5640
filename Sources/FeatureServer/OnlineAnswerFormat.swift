import NIOHTTP1

/// The forms in which a read of online features is answered.
enum OnlineAnswerFormat: AnswerForm {
    /// The body of Feast's server.
    case json
    /// The values as one matrix of float32; see ``FeatureMatrixEncoder``.
    case matrix

    var mediaTypes: [String] {
        switch self {
        case .json: ["application/json"]
        case .matrix: [FeatureMatrixEncoder.contentType]
        }
    }

    /// The form that a request asks for; JSON for a client that takes neither, as Feast's server
    /// does not look at the header at all.
    static func wanted(by headers: HTTPHeaders) -> OnlineAnswerFormat {
        let fields = headers["accept"]
        // What most clients send, without a look at its parts.
        if fields.isEmpty || fields == ["*/*"] || fields == ["application/json"] { return .json }
        return Self.preferred(accept: fields) ?? .json
    }
}
