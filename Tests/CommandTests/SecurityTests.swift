import Foundation
import Glibc
import TestSupport
import Testing

/// Who may reach the server, through the program as it is used.
@Suite struct SecurityTests {
    /// A repository that is applied and loaded.
    private func fleet(_ directory: URL) throws -> FleetRepository {
        let fleet = try FleetRepository(at: directory)
        for command in ["apply", "materialize"] {
            let result = try Program.run([command], in: fleet.directory)
            try #require(result.exitCode == 0, "\(command): \(result.errors)")
        }
        return fleet
    }

    private func token(
        _ name: String,
        _ arguments: [String],
        in fleet: FleetRepository
    ) throws -> String {
        let result = try Program.run(["token", "create", name] + arguments, in: fleet.directory)
        try #require(result.exitCode == 0, "\(result.errors)")
        return String(result.output.dropLast())
    }

    private let read = #"{"features":["driver_stats:trips"],"entities":{"driver_id":[1001]}}"#

    @Test func `A server that other machines reach needs tokens, or says that it has none`() throws
    {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            for host in ["0.0.0.0", "::"] {
                let result = try Program.run(
                    ["serve", "--host", host, "-p", "0"],
                    in: fleet.directory
                )
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("fstore token create NAME --scope read"))
                #expect(result.errors.contains("--insecure"))
            }
            let insecure = try RunningServer(
                in: fleet.directory,
                ["--host", "0.0.0.0", "--insecure"]
            )
            #expect(try insecure.post("/get-online-features", self.read).status == 200)
            _ = try insecure.stop()
            _ = try self.token("a", ["--scope", "read"], in: fleet)
            let closed = try RunningServer(in: fleet.directory, ["--host", "0.0.0.0"])
            #expect(try closed.post("/get-online-features", self.read).status == 401)
            #expect(closed.program.errors.contains("tokens go over the network in clear"))
            _ = try closed.stop()
        }
    }

    @Test func `Tokens come into force and out of it while the server runs`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            let server = try RunningServer(fleet)
            #expect(try server.post("/get-online-features", self.read).status == 200)
            let token = try self.token(
                "reader",
                ["--scope", "read", "--view", "driver_*", "--expires", "1d"],
                in: fleet
            )
            func status(_ token: String?) throws -> Int {
                let header = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
                return try server.post("/get-online-features", self.read, headers: header).status
            }
            #expect(try eventually { try status(nil) == 401 })
            #expect(try status(token) == 200)
            // The commands of the same user go through the socket, which needs none.
            let direct = try Program.run(
                ["get-online-features", "-e", "driver_id=1001", "-f", "driver_stats:trips"],
                in: fleet.directory
            )
            #expect(direct.exitCode == 0)

            let rotated = try Program.run(
                ["token", "rotate", "reader", "--grace", "1h"],
                in: fleet.directory
            )
            let second = String(rotated.output.dropLast())
            #expect(try eventually { try status(second) == 200 })
            #expect(try status(token) == 200)
            let revoked = try Program.run(["token", "revoke", "reader"], in: fleet.directory)
            #expect(revoked.exitCode == 0)
            #expect(try eventually { try status(second) == 401 })
            #expect(try status(token) == 401)

            // A damaged file changes nothing, and is told.
            let third = try self.token("writer", ["--scope", "push", "--scope", "read"], in: fleet)
            #expect(try eventually { try status(third) == 200 })
            let path = fleet.directory + "/data/tokens.json"
            try Data("{".utf8).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            #expect(eventually { server.program.errors.contains("is damaged") })
            #expect(try status(third) == 200)
            #expect(try status(nil) == 401)
            _ = try server.stop()
            // But nobody starts with it.
            let refused = try Program.run(["serve", "-p", "0"], in: fleet.directory)
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("is damaged"))
        }
    }

    @Test func `Tokens are listed without themselves, and each change is audited`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            let token = try self.token("t1", ["--scope", "push", "--project", "fleet"], in: fleet)
            let list = try Program.run(["token", "list"], in: fleet.directory)
            #expect(list.output.contains("t1"))
            #expect(list.output.contains("push"))
            let json = try Program.run(["token", "list", "--json"], in: fleet.directory)
            #expect(json.output.contains(#""name" : "t1""#))
            for output in [list.output, json.output] {
                #expect(!output.contains(token.dropFirst(4)))
                #expect(!output.contains("hash"))
            }
            #expect(try Program.run(["token", "rotate", "t1"], in: fleet.directory).exitCode == 0)
            #expect(try Program.run(["token", "revoke", "t1"], in: fleet.directory).exitCode == 0)
            let wrong = try Program.run(["token", "revoke", "t1"], in: fleet.directory)
            #expect(wrong.exitCode == 1)
            #expect(wrong.errors.contains("there is no token \"t1\""))
            let audit = try String(
                contentsOfFile: fleet.directory + "/data/audit.jsonl",
                encoding: .utf8
            )
            for action in ["apply", "materialize", "create_token", "rotate_token", "revoke_token"] {
                #expect(audit.contains("\"action\":\"\(action)\""), "\(action)")
            }
            #expect(!audit.contains(token.dropFirst(4)))
            for arguments in [
                ["token", "create", "x"], ["token", "create", "x", "--scope", "root"],
                ["token", "create", "x", "--scope", "read", "--expires", "soon"],
                ["token", "rotate", "x", "--grace", "1"], ["serve", "--cert", "a.pem"],
                ["serve", "--client-ca", "a.pem"],
            ] {
                let result = try Program.run(arguments, in: fleet.directory)
                #expect(result.exitCode == 64, "\(arguments)")
            }
        }
    }

    @Test(
        .enabled(if: Certificates.canBeMade, "openssl is not installed"),
        .timeLimit(.minutes(2))
    )
    func `TLS and mutual TLS, and new certificates without a restart`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            let keys = try Certificates(in: fleet.directory + "/tls")
            func serve(_ extra: [String]) throws -> RunningServer {
                try RunningServer(
                    in: fleet.directory,
                    ["--cert", keys.path("server.pem"), "--key", keys.path("server.key")] + extra
                )
            }
            func get(_ server: RunningServer, _ extra: [String]) throws -> Int {
                try curl(
                    extra + ["-d", self.read, "\(server.address)/get-online-features"],
                    in: fleet.directory
                ).status
            }
            let trusting = ["--cacert", keys.path("ca.pem")]
            let plain = try serve([])
            #expect(plain.address.hasPrefix("https://127.0.0.1:"))
            #expect(try get(plain, trusting) == 200)
            #expect(try get(plain, []) == 0)
            #expect(try get(plain, trusting + ["--tls-max", "1.1"]) == 0)
            #expect(try get(plain, trusting + ["--tlsv1.2", "--tls-max", "1.2"]) == 200)
            // HTTP without TLS has no answer.
            let clear = try curl(
                ["http://127.0.0.1:\(plain.port)/health"],
                in: fleet.directory
            )
            #expect(clear.status == 0)

            // Another certificate, of another authority, is taken up by new connections.
            try keys.sign("server", by: "stranger_ca", extra: "subjectAltName=IP:127.0.0.1")
            let other = ["--cacert", keys.path("stranger_ca.pem")]
            #expect(try eventually { try get(plain, other) == 200 })
            #expect(try get(plain, trusting) == 0)
            // A damaged one is told, and the last good one stays.
            try Data("no key".utf8).write(to: URL(fileURLWithPath: keys.path("server.key")))
            #expect(eventually { plain.program.errors.contains("could not be refreshed") })
            #expect(try get(plain, other) == 200)
            _ = try plain.stop()

            try keys.sign("server", by: "ca", extra: "subjectAltName=IP:127.0.0.1")
            let mutual = try serve(["--client-ca", keys.path("ca.pem")])
            func client(_ name: String) -> [String] {
                ["--cert", keys.path("\(name).pem"), "--key", keys.path("\(name).key")]
            }
            #expect(try get(mutual, trusting + client("client")) == 200)
            #expect(try get(mutual, trusting) == 0)
            #expect(try get(mutual, trusting + client("stranger")) == 0)
            _ = try mutual.stop()
        }
    }

    @Test(.enabled(if: Certificates.canBeMade, "openssl is not installed"))
    func `A certificate or key that cannot be used is a clear error`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            let keys = try Certificates(in: fleet.directory + "/tls")
            try Data("rubbish".utf8).write(to: URL(fileURLWithPath: keys.path("bad.pem")))
            let good = keys.path("server.pem")
            for (certificate, key, authority, words) in [
                (keys.path("none.pem"), keys.path("server.key"), nil, "none.pem cannot be read"),
                (keys.path("bad.pem"), keys.path("server.key"), nil, "bad.pem cannot be read"),
                (good, keys.path("bad.pem"), nil, "bad.pem cannot be read"),
                (good, keys.path("client.key"), nil, "does the key belong to the certificate?"),
                (good, keys.path("server.key"), keys.path("none.pem"), "--client-ca"),
            ] as [(String, String, String?, String)] {
                let options = ["serve", "-p", "0", "--cert", certificate, "--key", key]
                let result = try Program.run(
                    options + (authority.map { ["--client-ca", $0] } ?? []),
                    in: fleet.directory
                )
                #expect(result.exitCode == 1, "\(words)")
                #expect(result.errors.contains(words), "\(result.errors)")
            }
        }
    }

    @Test func `Over TLS tokens count as well`() throws {
        try withTemporaryDirectory { directory in
            guard Certificates.canBeMade else { return }
            let fleet = try self.fleet(directory)
            let keys = try Certificates(in: fleet.directory + "/tls")
            let token = try self.token("a", ["--scope", "read"], in: fleet)
            let server = try RunningServer(
                in: fleet.directory,
                ["--cert", keys.path("server.pem"), "--key", keys.path("server.key")]
            )
            let options = [
                "--cacert", keys.path("ca.pem"), "-d", self.read,
                "\(server.address)/get-online-features",
            ]
            #expect(try curl(options, in: fleet.directory).status == 401)
            let header = ["-H", "Authorization: Bearer \(token)"]
            #expect(try curl(header + options, in: fleet.directory).status == 200)
            _ = try server.stop()
        }
    }
}
