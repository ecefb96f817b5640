import Foundation
import Glibc
import TestSupport
import Testing

/// A server whose disk takes no writes for a while.
@Suite struct FullDiskServerTests {
    private static func body(_ trips: Int, to target: String) -> String {
        """
        {"push_source_name": "stats_push", "to": "\(target)", "df": {"driver_id": [1001], \
        "event_timestamp": [\(1_706_800_000 + trips)], "conv_rate": [0.5], "trips": [\(trips)], \
        "city": ["Kiel"], "created": [\(1_706_800_000 + trips)]}}
        """
    }

    private func trips(_ server: RunningServer) throws -> Int? {
        let answer = try server.post(
            "/get-online-features",
            #"{"features": ["driver_stats:trips"], "entities": {"driver_id": [1001]}}"#
        )
        guard answer.status == 200 else { return nil }
        let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        let columns = (object as? [String: Any])?["results"] as? [[String: Any]]
        return (columns?.last?["values"] as? [Int])?.first
    }

    @Test(
        "A server with a full disk answers reads, refuses writes, and recovers by itself",
        arguments: [ENOSPC, EIO, EROFS],
        ["online", "online_and_offline"]
    )
    func fullDisk(errorNumber: CInt, target: String) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FaultOperation.repository(at: directory)
            try fleet.prepare("apply", "materialize")
            let faults = try Faults(below: fleet.directory)
            let server = try RunningServer(in: fleet.directory, environment: faults.environment)
            #expect(try server.post("/push", Self.body(1, to: target)).status == 200)
            #expect(try self.trips(server) == 1)

            faults.arm(.error, errorNumber: errorNumber)
            for number in 2..<5 {
                let answer = try server.post("/push", Self.body(number, to: target))
                #expect(answer.status == 503, "\(answer)")
                // SQLite has words of its own for the push log.
                let reason = String(cString: strerror(errorNumber))
                let isSaid = [reason, "disk is full", "disk I/O error"].contains {
                    answer.body.contains($0)
                }
                #expect(isSaid, "\(answer.body)")
                #expect(try self.trips(server) == 1, "reads go on")
            }
            let load = try server.post("/materialize", #"{"disable_event_timestamp": true}"#)
            #expect(load.status == 503, "\(load)")
            #expect(try self.trips(server) == 1, "reads go on")

            faults.disarm()
            let isBack = try eventually {
                try server.post("/push", Self.body(9, to: target)).status == 200
            }
            #expect(isBack)
            #expect(try self.trips(server) == 9)
            #expect(try server.stop().exitCode == 0)

            // What was answered is on the disk.
            let again = try RunningServer(in: fleet.directory)
            #expect(try self.trips(again) == 9)
            _ = try again.stop()
        }
    }
}
