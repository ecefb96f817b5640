import Foundation
import Glibc

/// One connection for many requests, some of which may be sent before earlier ones are answered.
final class KeptConnection {
    /// One answer.
    struct Answer {
        let status: Int
        /// The lines of its head, in lower case.
        let head: [String]
        let body: [UInt8]

        /// Whether it says that it is the connection's last.
        var closes: Bool { self.head.contains("connection: close") }

        /// The body as JSON.
        func json() throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data(self.body))
            guard let object = value as? [String: Any] else {
                throw ProgramFailure(description: "no object: \(value)")
            }
            return object
        }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    init(port: UInt16) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            throw ProgramFailure(description: "no connection to port \(port): \(errno)")
        }
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(
            self.descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &timeout,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    deinit { close(self.descriptor) }

    /// Sends POSTs with these bodies, all at once.
    func post(_ path: String, _ bodies: [String], headers: String = "") throws {
        var bytes: [UInt8] = []
        for body in bodies {
            bytes += Array(
                "POST \(path) HTTP/1.1\r\nhost: localhost\r\n\(headers)"
                    .appending("content-length: \(body.utf8.count)\r\n\r\n\(body)").utf8
            )
        }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                throw ProgramFailure(description: "the requests were not taken: \(errno)")
            }
            sent += count
        }
    }

    /// The next answer; `nil` when the connection has ended instead.
    func answer() throws -> Answer? {
        let mark = Array("\r\n\r\n".utf8)
        var end: Int?
        while true {
            end = self.buffer[self.start...].firstRange(of: mark)?.lowerBound
            if end != nil { break }
            guard try self.fill() else { return nil }
        }
        guard let end else { return nil }
        let lines = String(decoding: self.buffer[self.start..<end], as: UTF8.self)
            .lowercased().components(separatedBy: "\r\n")
        let length =
            lines.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        guard let status = lines.first.flatMap({ Int($0.dropFirst(9).prefix(3)) }) else {
            throw ProgramFailure(description: "no HTTP answer: \(lines)")
        }
        let bodyStart = end + mark.count
        while self.buffer.count < bodyStart + length {
            guard try self.fill() else {
                throw ProgramFailure(description: "an answer is cut short: \(lines)")
            }
        }
        let body = Array(self.buffer[bodyStart..<bodyStart + length])
        self.start = bodyStart + length
        if self.start == self.buffer.count {
            self.buffer.removeAll(keepingCapacity: true)
            self.start = 0
        }
        return Answer(status: status, head: lines, body: body)
    }

    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(self.descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else {
            throw ProgramFailure(description: "nothing came: \(errno)")
        }
        self.buffer += chunk[..<count]
        return count > 0
    }
}
