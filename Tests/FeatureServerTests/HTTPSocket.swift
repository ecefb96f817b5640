import Foundation

/// One HTTP answer, as it came.
struct Reply: Equatable {
    var status: Int
    /// The header lines, in lower case.
    var headers: [String]
    var bytes: [UInt8]

    var body: String { String(decoding: self.bytes, as: UTF8.self) }

    var closes: Bool { self.headers.contains("connection: close") }
}

struct SocketError: Error, CustomStringConvertible {
    let description: String
}

/// A plain blocking socket: what a client sends, byte for byte.
final class HTTPSocket {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(self.descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try self.prepare(result)
    }

    init(path: String) throws {
        self.descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(self.descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try self.prepare(result)
    }

    private func prepare(_ result: Int32) throws {
        guard result == 0 else { throw SocketError(description: "cannot connect: \(errno)") }
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            self.descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &timeout,
            socklen_t(MemoryLayout<timeval>.size)
        )
        var one: Int32 = 1
        setsockopt(
            self.descriptor,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &one,
            socklen_t(MemoryLayout<Int32>.size)
        )
    }

    deinit { close(self.descriptor) }

    func send(_ text: String) throws { try self.send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(
                    self.descriptor,
                    $0.baseAddress,
                    $0.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw SocketError(description: "cannot send: \(errno)") }
            sent += count
        }
    }

    /// Sends what the kernel takes within a second; false when that is not all.
    func sendsAtOnce(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            var poll = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
            guard Foundation.poll(&poll, 1, 1_000) > 0 else { return false }
            let count = bytes[sent...].withUnsafeBytes {
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                return Foundation.send(self.descriptor, $0.baseAddress, $0.count, flags)
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Whether there is something to read already.
    func hasInput() -> Bool {
        var poll = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return !self.buffer.isEmpty || Foundation.poll(&poll, 1, 0) > 0
    }

    /// Sends a whole POST.
    func post(_ path: String, _ body: String, headers: String = "") throws {
        try self.send(
            "POST \(path) HTTP/1.1\r\nHost: t\r\n\(headers)"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// Says that nothing more will be sent.
    func endOutput() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Reads more bytes; false at the end.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(self.descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw SocketError(description: "cannot receive: \(errno)") }
        self.buffer += chunk[..<count]
        return count > 0
    }

    /// The next line, without its end; `nil` at the end of the connection.
    private func line() throws -> String? {
        while true {
            if let end = self.buffer.firstIndex(of: 10) {
                let line = String(decoding: self.buffer[..<end], as: UTF8.self)
                self.buffer.removeFirst(end + 1)
                return String(line.dropLast())
            }
            guard try self.fill() else { return nil }
        }
    }

    /// The next answer; `nil` when the server has closed instead.
    func reply(hasBody: Bool = true) throws -> Reply? {
        guard let first = try self.line() else { return nil }
        guard let status = Int(first.dropFirst(9).prefix(3)) else {
            throw SocketError(description: "no status line: \(first)")
        }
        var headers: [String] = []
        while let line = try self.line(), !line.isEmpty { headers.append(line.lowercased()) }
        let length = headers.first { $0.hasPrefix("content-length: ") }.flatMap {
            Int($0.dropFirst(16))
        }
        let count = hasBody ? length ?? 0 : 0
        while self.buffer.count < count {
            guard try self.fill() else { throw SocketError(description: "cut short") }
        }
        let bytes = Array(self.buffer[..<count])
        self.buffer.removeFirst(count)
        return Reply(status: status, headers: headers, bytes: bytes)
    }

    /// Whether the server ends the connection without sending anything more.
    func isEnded() throws -> Bool {
        guard self.buffer.isEmpty else { return false }
        return try !self.fill()
    }
}

/// Runs blocking code on a thread of its own, so that it holds up no other test.
func onThread<Success: Sendable>(
    _ body: @escaping @Sendable () throws -> Success
) async throws -> Success {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try body() })
        }
    }
}
