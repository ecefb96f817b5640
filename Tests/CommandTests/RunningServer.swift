import Foundation
import Glibc

/// `fstore serve` on a port of its own.
struct RunningServer {
    let program: RunningProgram
    let address: String
    let port: UInt16

    /// Starts the server and waits for the lines that say where it listens.
    init(_ fleet: FleetRepository) throws {
        try self.init(in: fleet.directory)
    }

    /// Starts the server of a repository, with further options.
    init(
        in directory: String,
        _ options: [String] = [],
        arguments: [String] = ["serve", "-p", "0"],
        environment: [String: String] = [:]
    ) throws {
        let program = try RunningProgram(
            Program.path,
            arguments + options,
            in: directory,
            environment: environment
        )
        let isReady = eventually {
            program.output.split(separator: "\n").count >= 2 || !program.isRunning
        }
        let first = program.output.split(separator: "\n").first ?? ""
        guard isReady, let address = first.split(separator: " ").last.map(String.init),
            let port = address.split(separator: ":").last.flatMap({ UInt16($0) })
        else {
            throw ProgramFailure(
                description: "the server does not serve: \(program.output)\(program.errors)"
            )
        }
        self.program = program
        self.address = address
        self.port = port
    }

    var output: String { self.program.output }
    var processID: pid_t { self.program.processID }

    /// Ends the server as a service manager does.
    func stop() throws -> Program.Result {
        self.program.send(SIGTERM)
        return try self.program.wait(timeout: .seconds(30))
    }

    /// The HTTP status of a read of one feature of one driver.
    func read(_ feature: String, id: Int) throws -> Int {
        let body = #"{"features": ["\#(feature)"], "entities": {"driver_id": [\#(id)]}}"#
        return try self.post("/get-online-features", body).status
    }

    /// Sends a POST over a connection of its own, and reads to the end.
    func post(
        _ path: String,
        _ body: String,
        headers: String = ""
    ) throws -> (status: Int, text: String, body: String) {
        try self.request("POST", path, body, headers: headers)
    }

    /// Sends a request over a connection of its own, and reads to the end.
    func request(
        _ method: String,
        _ path: String,
        _ body: String,
        headers: String = ""
    ) throws -> (status: Int, text: String, body: String) {
        try Self.request(method, path, body, headers: headers, port: self.port)
    }

    /// The same, to whatever listens on that port of this machine.
    static func request(
        _ method: String,
        _ path: String,
        _ body: String,
        headers: String = "",
        port: UInt16
    ) throws -> (status: Int, text: String, body: String) {
        let answer = try self.answer(method, path, body, headers: headers, port: port)
        let text = String(decoding: answer, as: UTF8.self)
        let words = text.prefix(40).split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else {
            throw ProgramFailure(description: "no HTTP answer: \(text)")
        }
        let head = text.firstRange(of: "\r\n\r\n")
        return (status, text, head.map { String(text[$0.upperBound...]) } ?? "")
    }

    /// All bytes that come back, head and body.
    ///
    /// With `keepsAlive` the request is one of many as far as the server can see, and the end of the
    /// connection comes after it.
    static func answer(
        _ method: String,
        _ path: String,
        _ body: String,
        headers: String,
        port: UInt16,
        keepsAlive: Bool = false
    ) throws -> [UInt8] {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            throw ProgramFailure(description: "no connection to port \(port)")
        }
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        let request =
            "\(method) \(path) HTTP/1.1\r\nhost: localhost\r\n"
            + (keepsAlive ? "" : "connection: close\r\n") + headers
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
        let bytes = Array(request.utf8)
        guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else { throw ProgramFailure(description: "the request was not taken") }
        if keepsAlive { shutdown(connection, Int32(SHUT_WR)) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        return answer
    }
}
