import Foundation
import Glibc
import TestSupport
import Testing

/// Failing and torn writes, full and read-only disks, and kills, at chosen calls of every command
/// that writes.
///
/// By itself some calls of each command, by a seed; with FSTORE_FAULT_SAMPLES=all, as
/// `scripts/crash-matrix` does, all calls with all faults. FSTORE_FAULT_OPERATIONS chooses
/// commands.
@Suite struct FaultTests {
    /// One fault of one call.
    private struct Fault: CustomStringConvertible {
        let call: Int
        let action: Faults.Action
        var errorNumber = ENOSPC
        var count = Int.max

        var description: String {
            "\(self.action) \(String(cString: strerror(self.errorNumber))) at call \(self.call)"
        }

        static func all(calls: Int) -> [Fault] {
            (1...max(calls, 1)).flatMap { call in
                [
                    Fault(call: call, action: .error),
                    Fault(call: call, action: .error, errorNumber: EIO, count: 1),
                    Fault(call: call, action: .error, errorNumber: EROFS),
                    Fault(call: call, action: .shortWrite, count: 1),
                    Fault(call: call, action: .killBefore),
                    Fault(call: call, action: .killAfter),
                    Fault(call: call, action: .killTorn),
                ]
            }
        }
    }

    @Test("After a fault there is the old state or the new one", arguments: FaultOperation.chosen)
    func matrix(operation: FaultOperation) throws {
        try withTemporaryDirectory { directory in
            let template = directory.appendingPathComponent("template")
            let fleet = try FaultOperation.repository(at: template)
            try fleet.prepare(operation.prepare)
            try operation.edit(fleet)
            try fleet.prepare(operation.prepareEdited)
            let old = try operation.state(of: fleet)

            // The same folder every time, for messages and databases know its path.
            let work = directory.appendingPathComponent("work")
            func fresh() throws -> FleetRepository {
                try? FileManager.default.removeItem(at: work)
                try FileManager.default.copyItem(at: template, to: work)
                return FleetRepository(existing: work)
            }
            let whole = try fresh()
            let count = try Faults(below: whole.directory)
            let done = try self.run(operation, in: whole, count)
            try #require(done.exitCode == operation.exitCode, "\(done)")
            let new = try operation.state(of: whole)
            try #require(new != old, "the operation changes something:\n\(old)")

            for fault in try self.faults(operation, calls: count.calls) {
                let fleet = try fresh()
                let comment = Comment(rawValue: "\(operation.name): \(fault)")
                let faults = try Faults(below: fleet.directory)
                faults.arm(
                    fault.action,
                    first: fault.call,
                    count: fault.count,
                    errorNumber: fault.errorNumber
                )
                let result = try self.run(operation, in: fleet, faults)
                self.check(result, fault, faults, operation, comment)

                let state = try operation.state(of: fleet)
                let isDone = result.signal == 0 && result.exitCode == operation.exitCode
                if isDone, operation.exitCode == 0 { #expect(state == new, comment) }
                if operation.isAtomic { #expect(state == old || state == new, comment) }

                operation.beforeAgain(fleet)
                let again = try Program.run(
                    words(operation.command),
                    in: fleet.directory,
                    environment: operation.environment
                )
                #expect(again.exitCode == operation.exitCode, "\(comment), again: \(again)")
                #expect(try operation.state(of: fleet) == new, "\(comment), again")
                if operation.isVerified {
                    let verified = try fleet.run("verify", "-v", "driver_stats")
                    #expect(verified.exitCode == 0, "\(comment): \(verified)")
                }
            }
        }
    }

    private func run(
        _ operation: FaultOperation,
        in fleet: FleetRepository,
        _ faults: Faults
    ) throws -> Program.Result {
        try Program.run(
            words(operation.command),
            in: fleet.directory,
            environment: operation.environment.merging(faults.environment) { $1 }
        )
    }

    /// All faults, or a sample of them that differs from operation to operation.
    private func faults(_ operation: FaultOperation, calls: Int) throws -> [Fault] {
        let all = Fault.all(calls: calls)
        let wanted = ProcessInfo.processInfo.environment["FSTORE_FAULT_SAMPLES"] ?? "4"
        guard wanted != "all" else { return all }
        let number = try #require(Int(wanted), "FSTORE_FAULT_SAMPLES is a number or \"all\"")
        let seed = ProcessInfo.processInfo.environment["FSTORE_FAULT_SEED"].flatMap { UInt64($0) }
        let name = operation.name.utf8.reduce(seed ?? 5) { $0 &* 31 &+ UInt64($1) }
        var generator = SeededGenerator(seed: name)
        return Array(all.shuffled(using: &generator).prefix(number))
    }

    /// A kill is a kill; any other fault ends with a message that says what, where and why.
    private func check(
        _ result: Program.Result,
        _ fault: Fault,
        _ faults: Faults,
        _ operation: FaultOperation,
        _ comment: Comment
    ) {
        if fault.action.kills {
            let isOver = result.signal == SIGKILL || result.exitCode == operation.exitCode
            #expect(isOver, "\(comment): \(result)")
            return
        }
        #expect(result.signal == 0, "\(comment): \(result)")
        #expect([0, 1].contains(result.exitCode), "\(comment): \(result)")
        #expect(!result.errors.contains("Assertion"), "\(comment): \(result)")
        guard result.exitCode != operation.exitCode, faults.injected > 0 else { return }
        let reason = String(cString: strerror(fault.errorNumber)).lowercased()
        let said = result.errors.lowercased()
        #expect(
            // SQLite has words of its own, and does not always pass on the system's.
            [
                reason, "disk is full", "disk i/o error", "unable to open", "readonly database",
            ].contains { said.contains($0) },
            "\(comment): \(result.errors)"
        )
    }
}

extension FleetRepository {
    /// The repository that is there.
    init(existing directory: URL) {
        self.directory = directory.path
    }

    /// Runs commands that must succeed.
    func prepare(_ commands: [String]) throws {
        for command in commands { try self.prepare(command) }
    }
}
