import Foundation
import Synchronization

/// Sends requests at fixed moments, whatever the server does, and tells how late the answers are.
///
///     openloop PORT PATH BODIES CONNECTIONS RATE SECONDS
///
/// BODIES is a file with one JSON body a line. Each connection has a thread, and its own moments:
/// one in every CONNECTIONS/RATE seconds, shifted against the others'. The latency of a request is
/// counted from its moment, also when the answer before it was late, so that a slow server cannot
/// hide requests that it held up. Prints a JSON object; times in milliseconds.
@main
struct OpenLoop {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 6, let port = UInt16(arguments[0]),
            let connections = Int(arguments[3]), let rate = Double(arguments[4]),
            let seconds = Double(arguments[5])
        else { throw POSIXError(.EINVAL) }
        let requests = try String(contentsOfFile: arguments[2], encoding: .utf8)
            .split(separator: "\n").map { request(path: arguments[1], body: $0) }
        let interval = Double(connections) / rate
        // The first second warms up and is not counted.
        let start = now() + 0.1
        let latencies = Mutex<[Double]>([])
        let failures = Mutex(0)
        let threads = (0..<connections).map { number in
            let thread = Thread {
                let moments = stride(
                    from: start + interval * Double(number) / Double(connections),
                    to: start + seconds + 1,
                    by: interval
                )
                do {
                    let measured = try measure(Array(moments), requests, port: port, seed: number)
                    let counted = zip(moments, measured).filter { $0.0 >= start + 1 }.map(\.1)
                    latencies.withLock { $0 += counted }
                } catch {
                    failures.withLock { $0 += 1 }
                }
                finished.signal()
            }
            thread.start()
            return thread
        }
        for _ in threads { finished.wait() }
        let sorted = latencies.withLock { $0 }.sorted()
        guard failures.withLock({ $0 }) == 0, !sorted.isEmpty else { throw POSIXError(.EIO) }
        func percentile(_ part: Double) -> Double {
            (sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))] * 1e6).rounded() / 1e3
        }
        print(
            """
            {"requests": \(sorted.count), "rate": \(Double(sorted.count) / seconds), \
            "p50": \(percentile(0.5)), "p90": \(percentile(0.9)), "p99": \(percentile(0.99)), \
            "p99.9": \(percentile(0.999)), "max": \(percentile(1))}
            """
        )
    }
}

private let finished = DispatchSemaphore(value: 0)

/// Seconds of the monotonic clock.
private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func sleep(until moment: Double) {
    var time = timespec()
    time.tv_sec = Int(moment)
    time.tv_nsec = Int((moment - moment.rounded(.down)) * 1e9)
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
}

private func request(path: String, body: Substring) -> [UInt8] {
    Array(
        """
        POST \(path) HTTP/1.1\r
        Host: localhost\r
        Content-Type: application/json\r
        Content-Length: \(body.utf8.count)\r
        \r
        \(body)
        """.utf8
    )
}

/// The latency of a request at each of the moments, in seconds.
private func measure(
    _ moments: [Double],
    _ requests: [[UInt8]],
    port: UInt16,
    seed: Int
) throws -> [Double] {
    let descriptor = try connection(to: port)
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var latencies: [Double] = []
    latencies.reserveCapacity(moments.count)
    for (index, moment) in moments.enumerated() {
        let request = requests[(index &* 7_919 &+ seed &* 104_729) % requests.count]
        sleep(until: moment)
        guard
            send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else { throw POSIXError(.EPIPE) }
        try receiveAnswer(descriptor, &buffer)
        latencies.append(now() - moment)
    }
    return latencies
}

private func connection(to port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    return descriptor
}

/// Reads one answer with a `content-length`, and throws unless its status is 200.
private func receiveAnswer(_ descriptor: Int32, _ buffer: inout [UInt8]) throws {
    var count = 0
    var end = Int.max
    while count < end {
        let received = buffer.withUnsafeMutableBytes { bytes in
            recv(descriptor, bytes.baseAddress.map { $0 + count }, bytes.count - count, 0)
        }
        guard received > 0 else { throw POSIXError(.ECONNRESET) }
        count += received
        guard end == Int.max, let head = headLength(buffer, count) else { continue }
        guard buffer.starts(with: "HTTP/1.1 200".utf8),
            let length = contentLength(buffer[..<head])
        else { throw POSIXError(.EBADMSG) }
        end = head + length
    }
}

private func headLength(_ bytes: [UInt8], _ count: Int) -> Int? {
    guard count >= 4 else { return nil }
    for index in 3..<count
    where bytes[index] == 0x0A && bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A {
        return index + 1
    }
    return nil
}

private func contentLength(_ head: ArraySlice<UInt8>) -> Int? {
    let lines = String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
    for line in lines where line.hasPrefix("content-length:") {
        return Int(line.dropFirst("content-length:".count).drop { $0 == " " })
    }
    return nil
}
