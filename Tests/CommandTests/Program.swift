import Foundation
import Glibc
import Testing

/// The built program, run as a user runs it.
enum Program {
    /// What a run left behind.
    struct Result {
        let exitCode: Int32
        /// The signal that ended the run; 0 when it ended by itself.
        let signal: Int32
        let output: String
        let errors: String
    }

    /// The program lies beside the test bundle, wherever the build is; else in the build folder of
    /// the sources.
    static let path: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let here = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folders: [String?] = [
            bundle.path, here.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path },
            Bundle.main.bundleURL.path, Bundle.main.bundleURL.deletingLastPathComponent().path,
            package + "/.build/debug", package + "/.build/release",
        ]
        let candidates = folders.compactMap { $0.map { $0 + "/fstore" } }
        return candidates.first { access($0, X_OK) == 0 } ?? candidates[candidates.count - 1]
    }()

    /// Runs the program to its end.
    @discardableResult
    static func run(
        _ arguments: [String],
        in directory: String,
        input: String? = nil,
        environment: [String: String] = [:],
        timeout: Duration = .seconds(60)
    ) throws -> Result {
        let running = try RunningProgram(
            self.path,
            arguments,
            in: directory,
            input: input,
            environment: environment
        )
        return try running.wait(timeout: timeout)
    }
}

/// A failure of the tests' own tools.
struct ProgramFailure: Error, CustomStringConvertible {
    let description: String
}

/// A process that was started and is ended, at the latest, when this value goes away.
///
/// Its output goes to files, so that it never waits for a reader.
final class RunningProgram {
    let processID: pid_t
    private let folder: String
    private var status: Int32?

    init(
        _ executable: String,
        _ arguments: [String],
        in directory: String,
        input: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/fstore-run-\(UUID())"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        self.folder = folder
        if let input {
            try Data(input.utf8).write(to: URL(fileURLWithPath: folder + "/input"))
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let source = input == nil ? "/dev/null" : folder + "/input"
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, source, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder + "/output", flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder + "/errors", flags, 0o600)
        var variables = ProcessInfo.processInfo.environment
        variables.merge(environment) { $1 }
        // env replaces itself with the program, so that the process stays the same one.
        let env = "/usr/bin/env"
        var argv = ([env, "-C", directory, executable] + arguments).map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for text in argv + envp { free(text) }
        }
        var processID: pid_t = 0
        let failure = posix_spawn(&processID, env, &actions, nil, &argv, &envp)
        guard failure == 0 else {
            throw ProgramFailure(
                description: "\(executable) cannot be started: error \(failure)"
            )
        }
        self.processID = processID
    }

    deinit {
        if self.status == nil {
            kill(self.processID, SIGKILL)
            var status: Int32 = 0
            waitpid(self.processID, &status, 0)
        }
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    var output: String { self.text("output") }
    var errors: String { self.text("errors") }

    /// Sends a signal, unless the process has ended and was waited for.
    func send(_ signal: Int32) {
        if self.status == nil {
            kill(self.processID, signal)
        }
    }

    var isRunning: Bool {
        self.poll()
        return self.status == nil
    }

    /// Waits for the end; a process that takes longer is killed.
    func wait(timeout: Duration = .seconds(60)) throws -> Program.Result {
        let deadline = ContinuousClock.now + timeout
        while self.isRunning {
            guard ContinuousClock.now < deadline else {
                kill(self.processID, SIGKILL)
                throw ProgramFailure(
                    description: "no end within \(timeout)\n\(self.output)\n\(self.errors)"
                )
            }
            usleep(1000)
        }
        let status = self.status ?? 0
        return Program.Result(
            exitCode: (status >> 8) & 0xff,
            signal: status & 0x7f,
            output: self.output,
            errors: self.errors
        )
    }

    private func poll() {
        guard self.status == nil else { return }
        var status: Int32 = 0
        if waitpid(self.processID, &status, WNOHANG) == self.processID {
            self.status = status
        }
    }

    private func text(_ name: String) -> String {
        let data = FileManager.default.contents(atPath: self.folder + "/" + name) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}

/// Waits until a condition holds.
///
/// - Returns: Whether it did in time.
func eventually(
    within timeout: Duration = .seconds(20),
    _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = ContinuousClock.now + timeout
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(5000)
    }
    return try condition()
}
