import FeatureServer
import FeatureStoreKit
import Foundation
import Logging
import Synchronization

/// What the server does for a request of 10 entities and 10 features.
let serverKernels: [Kernel] = [
    Kernel(name: "json-answer", element: "answer of 10 × 10 values") { directory in
        let project = try DriverProject(in: directory)
        let answers = try project.requests(of: "all_features").map {
            try project.store.onlineFeatures($0)
        }
        return {
            var encoder = OnlineResponseEncoder()
            var length = 0
            for answer in answers {
                encoder.encode(answer)
                length += encoder.output.count
            }
            return Kernel.Result(elements: answers.count, checksum: length)
        }
    },
    Kernel(name: "matrix-answer", element: "answer of 10 × 8 values") { directory in
        let project = try DriverProject(in: directory)
        let answers = try project.requests(of: "numbers").map {
            try project.store.onlineFeatures($0)
        }
        return {
            var length = 0
            for answer in answers {
                length += FeatureMatrixEncoder.encode(answer).count
            }
            return Kernel.Result(elements: answers.count, checksum: length)
        }
    },
    Kernel(name: "http-request", element: "request of 10 × 10 values") { directory in
        let project = try DriverProject(in: directory)
        let port = try serve(project.store)
        let bodies = DriverProject.requestedDrivers.map { drivers in
            let ids = drivers.map { "\($0)" }.joined(separator: ",")
            return #"{"feature_service":"all_features","entities":{"driver_id":[\#(ids)]}}"#
        }
        let connection = try HTTPConnection(port: port)
        return {
            var length = 0
            for body in bodies {
                length += try connection.post("/get-online-features", body: body)
            }
            return Kernel.Result(elements: bodies.count, checksum: length)
        }
    },
]

/// Serves a store until the process ends.
///
/// - Returns: The port.
private func serve(_ store: FeatureStore) throws -> Int {
    try store.openOnlineStore()
    let listening = DispatchSemaphore(value: 0)
    let shared = PortBox()
    let server = FeatureServer(
        serving: store,
        port: 0,
        logger: Logger(label: "kernels") { _ in SwiftLogNoOpLogHandler() },
        onListening: { bound in
            shared.port.withLock { $0 = bound }
            listening.signal()
        }
    )
    Task.detached { try await server.run() }
    listening.wait()
    return shared.port.withLock { $0 }
}

/// Where the server's port is left.
private final class PortBox: Sendable {
    let port = Mutex(0)
}

/// One keep-alive connection that sends a request and waits for the whole answer.
private final class HTTPConnection {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw KernelError("no connection to port \(port)") }
    }

    deinit {
        close(self.descriptor)
    }

    /// - Returns: The length of the answer with its head.
    func post(_ path: String, body: String) throws -> Int {
        let request = Array(
            """
            POST \(path) HTTP/1.1\r
            host: localhost\r
            content-type: application/json\r
            content-length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8
        )
        guard send(self.descriptor, request, request.count, 0) == request.count else {
            throw KernelError("the request could not be sent")
        }
        var count = 0
        var wanted = Int.max
        while count < wanted {
            let read = self.buffer.withUnsafeMutableBytes { bytes in
                recv(self.descriptor, bytes.baseAddress.map { $0 + count }, bytes.count - count, 0)
            }
            guard read > 0 else { throw KernelError("the server closed the connection") }
            count += read
            if wanted == Int.max {
                wanted = try self.answerLength(count) ?? Int.max
            }
        }
        return count
    }

    /// The length of the answer, once its head is there.
    private func answerLength(_ count: Int) throws -> Int? {
        let text = String(decoding: self.buffer.prefix(count), as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.upperBound]
        guard head.hasPrefix("HTTP/1.1 200"),
            let field = head.range(of: "content-length: "),
            let length = Int(
                head[field.upperBound...].prefix { $0.isNumber || $0 == " " }
                    .filter(\.isNumber)
            )
        else { throw KernelError("the server answered: \(head)") }
        return head.utf8.count + length
    }
}
