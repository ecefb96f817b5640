import NIOCore
import NIOHTTP1

extension ByteBuffer {
    /// Writes one whole HTTP/1.1 response: head and body in one buffer, for one write.
    ///
    /// `connection` is the value of that header, `nil` for what HTTP/1.1 assumes; with `omitsBody`
    /// the body is only measured, as for HEAD.
    mutating func writeResponse(
        _ answer: HTTPAnswer,
        connection: StaticString? = nil,
        omitsBody: Bool = false
    ) {
        let body = answer.body
        self.reserveCapacity(minimumWritableBytes: 192 + (omitsBody ? 0 : body.count))
        if answer.status == .ok {
            self.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            self.writeString("HTTP/1.1 \(answer.status.code) \(answer.status.reasonPhrase)\r\n")
        }
        if !body.isEmpty {
            self.writeStaticString("content-type: ")
            self.writeString(answer.contentType)
            self.writeStaticString("\r\n")
        }
        self.writeStaticString("content-length: ")
        self.writeString(String(body.count))
        self.writeStaticString("\r\n")
        for field in answer.fields {
            self.writeString("\(field.name): \(field.value)\r\n")
        }
        if let connection {
            self.writeStaticString("connection: ")
            self.writeStaticString(connection)
            self.writeStaticString("\r\n")
        }
        self.writeStaticString("\r\n")
        if !omitsBody {
            self.writeBytes(body)
        }
    }
}
