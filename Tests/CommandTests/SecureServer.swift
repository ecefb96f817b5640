import Foundation
import Glibc

/// Certificates that `openssl` makes, for a test.
struct Certificates {
    let directory: String

    /// Whether there is a program to make them with.
    static var canBeMade: Bool { access("/usr/bin/openssl", X_OK) == 0 }

    /// An authority, a certificate of the server for 127.0.0.1, and one of a client.
    init(in directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        try self.makeAuthority("ca")
        try self.sign("server", by: "ca", extra: "subjectAltName=IP:127.0.0.1,DNS:localhost")
        try self.sign("client", by: "ca", extra: "extendedKeyUsage=clientAuth")
        try self.makeAuthority("stranger_ca")
        try self.sign("stranger", by: "stranger_ca", extra: "extendedKeyUsage=clientAuth")
    }

    func path(_ name: String) -> String { "\(self.directory)/\(name)" }

    private func makeAuthority(_ name: String) throws {
        try self.openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "\(name).key",
            "-out",
            "\(name).pem",
            "-days",
            "2",
            "-subj",
            "/CN=\(name)"
        )
    }

    func sign(_ name: String, by authority: String, extra: String) throws {
        try self.openssl(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "\(name).key",
            "-out",
            "\(name).csr",
            "-subj",
            "/CN=\(name)"
        )
        try Data(extra.utf8).write(to: URL(fileURLWithPath: self.path("\(name).ext")))
        try self.openssl(
            "x509",
            "-req",
            "-in",
            "\(name).csr",
            "-CA",
            "\(authority).pem",
            "-CAkey",
            "\(authority).key",
            "-CAcreateserial",
            "-out",
            "\(name).pem",
            "-days",
            "2",
            "-extfile",
            "\(name).ext"
        )
    }

    private func openssl(_ arguments: String...) throws {
        let program = try RunningProgram("/usr/bin/openssl", arguments, in: self.directory)
        let result = try program.wait()
        guard result.exitCode == 0 else {
            throw ProgramFailure(description: "openssl: \(result.errors)")
        }
    }
}

/// Runs curl; gives the status it got, 0 for none, and the body.
func curl(
    _ arguments: [String],
    in directory: String
) throws -> (status: Int, body: String, errors: String) {
    let program = try RunningProgram(
        "/usr/bin/curl",
        ["-sS", "-m", "20", "-w", "\n%{http_code}"] + arguments,
        in: directory
    )
    let result = try program.wait()
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    return (
        Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"), result.errors
    )
}
