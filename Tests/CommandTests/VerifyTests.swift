import Foundation
import TestSupport
import Testing

/// `fstore verify` proves that what is served is what the history says.
struct VerifyTests {
    @Test
    func `A loaded store is equal, directly and through a server`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let expected = """
                driver_stats: 3 keys, 9 values, 0 different
                driver_recent: 3 keys, 3 values, 0 different

                """
            let direct = try fleet.run("verify")
            #expect(direct.output == expected, "\(direct)")
            #expect(direct.exitCode == 0)

            let server = try RunningServer(fleet)
            let served = try fleet.run("verify")
            #expect(served.output == expected, "\(served)")
            let one = try fleet.run("verify", "-v", "driver_recent", "--json")
            #expect(one.output.contains(#""values" : 3"#), "\(one)")
            #expect(!one.output.contains("driver_stats"))
            let unknown = try fleet.run("verify", "-v", "driver_stat")
            #expect(unknown.exitCode == 1)
            #expect(unknown.errors.contains(#"did you mean "driver_stats"?"#), "\(unknown)")
            _ = try server.stop()
        }
    }

    @Test
    func `Rows that came after the load, or went, are found`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let source = directory.appendingPathComponent("data/stats.csv")
            let text = try String(contentsOf: source, encoding: .utf8)
            var lines = text.split(separator: "\n").map(String.init)
            lines.removeAll { $0.contains(",1003,") }
            lines.append("2024-01-05T00:00:00Z,1001,0.125,20,,2024-01-05T00:00:00Z")
            lines.append("2024-01-05T00:00:00Z,1009,1,1,Rome,2024-01-05T00:00:00Z")
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: source)

            let result = try fleet.run("verify", "-v", "driver_stats")
            #expect(result.exitCode == 1)
            #expect(
                result.output == """
                    driver_stats: 3 keys, 9 values, 4 different, 1 key not served
                      driver_id=1001: conv_rate is 0.125 in the history, 0.25 online
                      driver_id=1009: conv_rate is 1.0 in the history, null online
                      driver_id=1009: trips is 1 in the history, null online
                      driver_id=1009: city is "Rome" in the history, null online
                      run `fstore materialize-incremental` if rows arrived since the last load; rows \
                    pushed to the online store alone stay until history has newer ones
                      1 row online of keys that the history does not have: pushed to the online \
                    store alone, or gone from the source

                    """,
                "\(result)"
            )
        }
    }
}
