/// A line of the head of an answer that is written from bytes.
struct ResponseField {
    /// The line with its end; empty for none.
    let bytes: [UInt8]

    /// No line.
    static let none = ResponseField(bytes: [])

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The client's own id of its request; no line when there is none, or none to keep.
    ///
    /// - Parameters:
    ///   - requestID: Where it stands.
    ///   - head: The bytes of the request's head.
    init(requestID: Range<Int>?, in head: Span<UInt8>) {
        guard let requestID, requestID.count <= RequestIdentity.maximumLength else {
            self = .none
            return
        }
        let id = unsafe head.extracting(requestID).withUnsafeBufferPointer { unsafe Array($0) }
        self = RequestIdentity.isAcceptable(id) ? ResponseField(id: id) : .none
    }

    /// What a request is called.
    init(_ identity: RequestIdentity) {
        self.init(id: Array(identity.id.utf8))
    }

    private init(id: [UInt8]) {
        self.bytes = Array("x-request-id: ".utf8) + id + Array("\r\n".utf8)
    }
}
