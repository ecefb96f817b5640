import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

/// A server that serves two generations of a view side by side.
struct GenerationServingTests {
    /// What a reader saw that it should not have seen.
    private final class Faults: Sendable {
        let texts = Mutex<[String]>([])
        let reads = Atomic(0)
        let isDone = Atomic(false)
    }

    private static let pinned =
        #"{"feature_service": "activity", "entities": {"driver_id": [1001]}}"#
    private static let new = #"{"feature_service": "next", "entities": {"driver_id": [1001]}}"#

    @Test
    func `A pinned service never notices that its view starts a generation`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            let faults = Faults()
            let port = server.port
            let reader = DispatchGroup()
            reader.enter()
            // A thread of its own: those of the pool may all wait for other tests.
            Thread.detachNewThread {
                while !faults.isDone.load(ordering: .acquiring) {
                    Self.readPinned(port, faults)
                }
                reader.leave()
            }
            defer {
                faults.isDone.store(true, ordering: .releasing)
                reader.wait()
            }
            try Self.evolve(fleet, server)
            faults.isDone.store(true, ordering: .releasing)
            reader.wait()
            #expect(faults.texts.withLock { $0 } == [])
            #expect(faults.reads.load(ordering: .acquiring) > 10)
            #expect(try server.stop().exitCode == 0)
        }
    }

    private static func readPinned(_ port: UInt16, _ faults: Faults) {
        faults.reads.add(1, ordering: .relaxed)
        do {
            let answer = try RunningServer.request(
                "POST",
                "/get-online-features",
                self.pinned,
                port: port
            )
            let isRight = answer.status == 200 && answer.text.contains(#""values":[0.25]"#)
            guard !isRight else { return }
            faults.texts.withLock { $0.append(answer.text) }
        } catch {
            faults.texts.withLock { $0.append("\(error)") }
        }
    }

    private static func evolve(_ fleet: FleetRepository, _ server: RunningServer) throws {
        // Unpinned, the change is refused, and nothing happens.
        try fleet.edit("{ name: conv_rate, dtype: float32 }", "{ name: conv_rate, dtype: string }")
        try fleet.edit("      - { name: city, dtype: string }\n", "")
        try fleet.edit("[conv_rate, city]", "[conv_rate]")
        let refused = try fleet.run("apply")
        #expect(refused.exitCode == 1)
        #expect(
            refused.errors == """
                error: nothing was applied, because this would lose data or break a service:
                  feature view "driver_stats": starts generation 2: changes feature "conv_rate" \
                from float32 to string, drops feature "city"
                  feature view "driver_stats": feature service "activity" uses the view unpinned \
                and would get nothing from it until the next load; pin "driver_stats@v1" in it to \
                stay with generation 1
                allow it with --allow-destroy

                """
        )
        // Pinned, and with a service for the new generation.
        try fleet.edit("- driver_stats: [conv_rate]", "- driver_stats@v1: [conv_rate, city]")
        try fleet.edit(
            "feature_services:\n",
            "feature_services:\n  - { name: next, features: [driver_stats] }\n"
        )
        let applied = try fleet.run("apply")
        #expect(applied.exitCode == 0, "\(applied)")
        #expect(
            applied.output.contains("keeps generation 1, which feature service \"activity\" pins")
        )
        #expect(
            try eventually {
                let answer = try server.post("/get-online-features", self.new)
                return answer.status == 200 && answer.text.contains("NOT_FOUND")
            }
        )
        let loaded = try fleet.run("materialize")
        #expect(loaded.exitCode == 0, "\(loaded)")
        #expect(loaded.output.contains("driver_stats@v1: 4 rows read, 0 keys written"))
        #expect(loaded.output.contains("\ndriver_stats: 4 rows read, 3 keys written"))
        let new = try server.post("/get-online-features", self.new)
        #expect(new.text.contains(#""values":["0.25"]"#), "\(new)")
        let status = try fleet.run("status").output
        #expect(status.contains("driver_stats@v1 (pinned by activity)"))

        // Another change: the next generation, beside the same pin.
        try fleet.edit("{ name: conv_rate, dtype: string }", "{ name: conv_rate, dtype: float64 }")
        let third = try fleet.run("apply", "--allow-destroy")
        #expect(third.output.contains("starts generation 3: changes feature"), "\(third)")
        try fleet.prepare("materialize -v driver_stats@v3")
        let read = try fleet.run(
            "get-online-features",
            "-e",
            "driver_id=1001",
            "-f",
            "driver_stats@v1:city,driver_stats@v3:conv_rate",
            "--full-feature-names"
        )
        #expect(read.output.contains("driver_stats@v3__conv_rate"), "\(read)")
        let gone = try fleet.run(
            "get-online-features",
            "-e",
            "driver_id=1001",
            "-f",
            "driver_stats@v2:conv_rate"
        )
        #expect(gone.errors.contains("generation 2 is gone"), "\(gone)")
    }
}
