import Foundation

/// Runs one hot loop of fstore again and again, for `scripts/check-performance` to count what it
/// costs.
///
///     kernels                 the names of all kernels, and what they count
///     kernels NAME ROUNDS     prints the elements that were worked on, and a checksum
///
/// A kernel prepares its data, the same on every run, and works through all of it once a round.
/// What a round costs is the difference of two runs, without the preparation.
@main
struct Kernels {
    static let all: [Kernel] =
        cellKernels + scanKernels + sourceKernels + joinKernels + rowKernels + storeKernels
        + serverKernels

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first else {
            for kernel in self.all {
                print("\(kernel.name)\t\(kernel.element)")
            }
            return
        }
        guard let kernel = self.all.first(where: { $0.name == name }),
            let rounds = arguments.dropFirst().first.flatMap({ Int($0) }), rounds >= 0
        else {
            throw KernelError("usage: kernels [NAME ROUNDS]; `kernels` lists the names")
        }
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("fstore-kernel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let round = try kernel.prepare(directory)
        var elements = 0
        var checksum = 0
        for _ in 0..<rounds {
            let result = try round()
            elements += result.elements
            checksum &+= result.checksum
        }
        print("\(elements)\t\(checksum)")
    }
}

/// One hot loop.
struct Kernel: Sendable {
    /// What one round did.
    struct Result {
        /// How many elements it worked on.
        var elements: Int
        /// Something that depends on all that was computed, so that nothing is left out.
        var checksum: Int
    }

    /// The name on the command line.
    let name: String
    /// What is counted: `row`.
    let element: String
    /// Makes the data, in files of that folder if need be, and gives what does one round.
    let prepare: @Sendable (_ directory: URL) throws -> () throws -> Result
}

/// A kernel that cannot be run.
struct KernelError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
