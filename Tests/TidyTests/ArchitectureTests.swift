import Foundation
import Testing

/// The rules of the architecture that a compiler does not check.
@Suite("The house rules")
struct ArchitectureTests {
    /// What each module may import of the package, of its dependencies, and of C.
    private static let allowed: [String: Set<String>] = [
        "FeatureModel": [],
        "NativeStorage": [
            "CLinux", "CPageChecksums", "CRocksDB", "CRocksDBLogger", "CSQLite", "CZlib",
        ],
        "FeatureCompute": ["FeatureModel"],
        "FeatureDefinitions": ["FeatureModel", "Yams"],
        "FeastProtos": ["SwiftProtobuf"],
        "FeastRegistry": ["FeatureModel", "FeastProtos", "SwiftProtobuf"],
        "FeatureRegistry": ["FeatureModel", "NativeStorage", "Crypto"],
        "OnlineStores": ["FeatureModel", "NativeStorage"],
        "OfflineStores": ["FeatureModel", "FeatureCompute", "NativeStorage", "Crypto"],
        "FeatureStoreKit": [
            "FeatureModel", "FeatureCompute", "FeatureRegistry", "NativeStorage", "OfflineStores",
            "OnlineStores",
        ],
        "FeatureServer": [
            "FeatureModel", "FeatureCompute", "FeatureStoreKit", "Logging", "NIOCore", "NIOHTTP1",
            "NIOPosix", "NIOSSL", "ServiceLifecycle",
        ],
        "FeatureServerGRPC": [
            "FeatureModel", "FeatureCompute", "FeatureStoreKit", "FeatureServer", "FeastProtos",
            "GRPCCore", "GRPCNIOTransportHTTP2Posix", "Logging", "NIOCore", "NIOPosix",
            "ServiceLifecycle", "SwiftProtobuf",
        ],
        "fstore": [
            "FeatureModel", "FeatureCompute", "FeatureDefinitions", "FeatureStoreKit",
            "FeatureServer", "FeatureServerGRPC", "FeastRegistry",
            "ArgumentParser", "Logging", "ServiceLifecycle", "UnixSignals",
        ],
    ]
    /// What every module may import: the system and the standard library.
    private static let system: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]

    @Test("A module imports only what its row of the architecture allows")
    func importsFollowTheArchitecture() throws {
        var violations: [String] = []
        for file in try SourceFile.all() {
            guard let allowed = Self.allowed[file.module] else {
                violations.append("\(file.path): the module \(file.module) has no rule")
                continue
            }
            for module in file.imports.subtracting(allowed).subtracting(Self.system) {
                violations.append("\(file.path) imports \(module)")
            }
        }
        #expect(violations == [])
    }

    @Test("The nouns need no Foundation")
    func nounsNeedNoFoundation() throws {
        let files = try SourceFile.all().filter {
            ["FeatureModel", "FeatureCompute"].contains($0.module)
        }
        #expect(!files.isEmpty)
        #expect(files.filter { $0.imports.contains("Foundation") }.map(\.path) == [])
    }

    @Test("No file is longer than 500 lines, and no line than 100 characters")
    func filesAndLinesAreShort() throws {
        var violations: [String] = []
        for file in try SourceFile.all() where !file.isGenerated {
            if file.lines.count > 500 {
                violations.append("\(file.path): \(file.lines.count) lines")
            }
            for (number, line) in file.lines.enumerated() where line.count > 100 {
                violations.append("\(file.path):\(number + 1): \(line.count) characters")
            }
        }
        #expect(violations == [])
    }

    @Test("Nothing traps on purpose, nothing is left to do, and one line says @unchecked")
    func noShortcuts() throws {
        var violations: [String] = []
        var unchecked: [String] = []
        for file in try SourceFile.all() where !file.isGenerated {
            for (number, line) in file.lines.enumerated() {
                let code = line.trimmingCharacters(in: .whitespaces)
                let place = "\(file.path):\(number + 1)"
                if code.contains("TODO") || code.contains("FIXME") {
                    violations.append("\(place): \(code)")
                }
                if code.hasPrefix("//") { continue }
                if code.contains("fatalError(") || code.contains("try!") || code.contains("as!") {
                    violations.append("\(place): \(code)")
                }
                if code.contains("@unchecked") {
                    unchecked.append(file.path)
                }
            }
        }
        #expect(violations == [])
        #expect(unchecked == ["Sources/NativeStorage/DatabaseHandle.swift"])
    }
}

/// One file of `Sources`.
private struct SourceFile {
    let path: String
    let module: String
    let lines: [String]

    static func all() throws -> [SourceFile] {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let sources = root.appendingPathComponent("Sources")
        let found = FileManager.default.enumerator(atPath: sources.path)
        var files: [SourceFile] = []
        while let name = found?.nextObject() as? String {
            guard name.hasSuffix(".swift") else { continue }
            let text = try String(
                contentsOf: sources.appendingPathComponent(name),
                encoding: .utf8
            )
            files.append(
                SourceFile(
                    path: "Sources/\(name)",
                    module: String(name.prefix { $0 != "/" }),
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                        .dropLast(text.hasSuffix("\n") ? 1 : 0).map(String.init)
                )
            )
        }
        try #require(files.count > 100, "the sources were not found")
        return files.sorted { $0.path < $1.path }
    }

    /// Whether a generator wrote it, in its own style.
    var isGenerated: Bool { self.path.hasSuffix(".pb.swift") }

    /// The modules that the file imports.
    var imports: Set<String> {
        var modules: Set<String> = []
        for line in self.lines {
            let words = line.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), position <= 1,
                words.count > position + 1
            else { continue }
            modules.insert(String(words[position + 1].prefix { $0 != "." }))
        }
        return modules
    }
}
