import Foundation

// What libFuzzer calls. The variable FSTORE_FUZZ_TARGET names the target.

/// The main function, under the name that the package manager gives to that of an executable.
@_cdecl("Fuzzers_main")
public func runFuzzer(
    _ argumentCount: CInt,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var argumentCount = argumentCount
    var arguments = arguments
    return runDriver(&argumentCount, &arguments, fuzz)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private nonisolated(unsafe) var current: (target: FuzzTarget, workspace: FuzzWorkspace)?

/// Called once, before all inputs.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutableRawPointer?
) -> CInt {
    let name = ProcessInfo.processInfo.environment["FSTORE_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
        print("there is no target \"\(name)\"; FSTORE_FUZZ_TARGET is one of: \(names)")
        exit(64)
    }
    let directory = NSTemporaryDirectory() + "/fstore-fuzz-\(getpid())"
    try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    current = (target, FuzzWorkspace(directory: directory))
    return 0
}

/// Called with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let current else { return -1 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    current.target.read(bytes, in: current.workspace)
    return 0
}
