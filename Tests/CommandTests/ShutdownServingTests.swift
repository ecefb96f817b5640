import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// The end of a real server while clients ask it as fast as they can.
struct ShutdownServingTests {
    private final class Shared: Sendable {
        let faults = Mutex<[String]>([])
        let answers = Atomic(0)
    }

    private static let body =
        #"{"features":["driver_stats:trips"],"entities":{"driver_id":[1001,1002,7]}}"#

    @Test(arguments: [SIGTERM, SIGINT])
    func `A signal under load fails no request, one at a time or pipelined`(
        signal: Int32
    ) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            let expected = try server.post("/get-online-features", Self.body)
            #expect(expected.status == 200)
            let shared = Shared()
            let threads = DispatchGroup()
            let port = server.port
            for depth in [1, 1, 1, 4, 16] {
                threads.enter()
                Thread.detachNewThread {
                    do {
                        let body = Array(expected.body.utf8)
                        try Self.ask(port, depth: depth, expected: body, shared)
                    } catch {
                        shared.faults.withLock { $0.append("depth \(depth): \(error)") }
                    }
                    threads.leave()
                }
            }
            #expect(eventually { shared.answers.load(ordering: .relaxed) > 500 })
            server.program.send(signal)
            let end = try server.program.wait(timeout: .seconds(30))
            threads.wait()
            #expect(end.exitCode == 0, "\(end)")
            #expect(end.errors == "")
            #expect(shared.faults.withLock { $0 } == [])
        }
    }

    /// Sends so many requests at a time, until the server says that an answer is its last.
    private static func ask(
        _ port: UInt16,
        depth: Int,
        expected: [UInt8],
        _ shared: Shared
    ) throws {
        let connection = try KeptConnection(port: port)
        while true {
            try connection.post("/get-online-features", Array(repeating: self.body, count: depth))
            var isLast = false
            for number in 1...depth {
                guard let answer = try connection.answer() else {
                    let text = "request \(number) of \(depth) got no answer"
                    shared.faults.withLock { $0.append(text) }
                    return
                }
                if answer.status != 200 || answer.body != expected || isLast {
                    let text = String(decoding: answer.body, as: UTF8.self)
                    shared.faults.withLock { $0.append("\(answer.status), \(isLast): \(text)") }
                }
                isLast = answer.closes
                shared.answers.add(1, ordering: .relaxed)
            }
            if isLast { return }
        }
    }
}
