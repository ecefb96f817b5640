import NIOHTTP1

/// What the head of a request says of its answer.
extension HTTPConnectionHandler {
    /// Whether it is a read whose answer needs nothing in its head but the length.
    func takesWholeResponse(_ head: HTTPRequestHead) -> Bool {
        head.method == .POST && head.version == .http1_1 && head.uri == "/get-online-features"
            && !self.isLast(head) && !self.isDraining && !self.handler.logsRequests
            && OnlineAnswerFormat.wanted(by: head.headers) == .json
    }

    /// Whether the answer to a request is the last one of its connection.
    func isLast(_ head: HTTPRequestHead) -> Bool {
        // After an upgrade that is refused, the decoder reads no more.
        !head.isKeepAlive || head.method == .CONNECT
            || head.headers.contains(name: "upgrade")
    }
}
