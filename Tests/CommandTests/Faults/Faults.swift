import Foundation
import Glibc

/// Faults of the calls by which one program writes below a folder; drawn in FaultInjection.h.
///
/// The numbers lie in a file that the program shares, so that they can be changed while it runs.
final class Faults {
    /// What becomes of a call.
    enum Action: UInt64, CaseIterable {
        case error = 1
        case shortWrite
        case killBefore
        case killAfter
        case killTorn

        var kills: Bool { self.rawValue >= Action.killBefore.rawValue }
    }

    private let numbers: UnsafeMutablePointer<UInt64>
    private let path: String
    /// What the program is started with.
    let environment: [String: String]

    /// - Parameter folder: The folder below which calls count.
    /// - Throws: When the library was not built, or memory cannot be shared.
    init(below folder: String) throws {
        self.path = FileManager.default.temporaryDirectory.path + "/fstore-faults-\(UUID())"
        try Data(count: 64).write(to: URL(fileURLWithPath: self.path))
        let descriptor = open(self.path, O_RDWR)
        defer { close(descriptor) }
        let memory = mmap(nil, 64, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard descriptor >= 0, let memory, memory != MAP_FAILED else {
            throw ProgramFailure(description: "\(self.path) cannot be shared")
        }
        self.numbers = memory.bindMemory(to: UInt64.self, capacity: 8)
        let library =
            URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            + "/libFaultInjection.so"
        guard access(library, R_OK) == 0 else {
            throw ProgramFailure(description: "\(library) was not built")
        }
        let canonical = realpath(folder, nil).map { text in
            defer { free(text) }
            return String(cString: text)
        }
        self.environment = [
            "LD_PRELOAD": library, "FSTORE_FAULT_STATE": self.path,
            "FSTORE_FAULT_FOLDER": canonical ?? folder,
        ]
    }

    deinit {
        munmap(self.numbers, 64)
        unlink(self.path)
    }

    /// How many calls there were.
    var calls: Int { Int(self.numbers[0]) }
    /// How many of them had a fault.
    var injected: Int { Int(self.numbers[5]) }

    /// Makes calls fail, from the `first` on that comes after this, counted from 1.
    func arm(
        _ action: Action,
        first: Int = 1,
        count: Int = .max,
        errorNumber: CInt = ENOSPC
    ) {
        self.numbers[3] = action.rawValue
        self.numbers[4] = UInt64(errorNumber)
        self.numbers[2] = UInt64(self.calls + (first - 1)) &+ UInt64(count)
        self.numbers[1] = UInt64(self.calls + first)
    }

    /// Ends all faults.
    func disarm() {
        self.numbers[1] = 0
    }
}
