// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every module: warnings are errors, C must be marked `unsafe`, and an
/// import is invisible to importers unless a public signature needs it.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Cursors over borrowed bytes: types of our own that may not outlive a `Span`.
    .enableExperimentalFeature("Lifetimes"),
]

/// Tests keep the same rules, but may hand their own buffers to C without a mark.
let strictTests: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

/// What the trait GRPC alone needs.
let grpc = TargetDependencyCondition.when(traits: ["GRPC"])

let package = Package(
    name: "fstore",
    products: [
        .library(
            name: "FeatureStoreKit",
            targets: [
                "FeatureStoreKit", "FeatureDefinitions", "FeatureModel", "FeatureCompute",
                "FeatureRegistry",
            ]
        ),
        .executable(name: "fstore", targets: ["fstore"]),
        // For the tests, which preload it into the program: faults below the stores.
        .library(name: "FaultInjection", type: .dynamic, targets: ["FaultInjection"]),
    ],
    traits: [
        .trait(name: "GRPC", description: "Serve features over gRPC as well as over HTTP.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        // Neither fetched nor built without the trait.
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // 0: nouns, and the only C.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
        .target(name: "CRocksDBLogger", dependencies: ["CRocksDB"]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "FeatureModel", swiftSettings: strict),
        .target(
            name: "CPageChecksums",
            linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("z")]
        ),
        .target(
            name: "NativeStorage",
            dependencies: [
                "CLinux", "CPageChecksums", "CRocksDB", "CRocksDBLogger", "CSQLite", "CZlib",
            ],
            swiftSettings: strict
        ),
        // 1: one concern each.
        .target(name: "FeatureCompute", dependencies: ["FeatureModel"], swiftSettings: strict),
        .target(
            name: "FeatureDefinitions",
            dependencies: ["FeatureModel", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),
        // Generated code, which follows the rules of its generator.
        .target(
            name: "FeastProtos",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["feast_registry.proto", "feast_serving.proto"]
        ),
        .target(
            name: "FeastRegistry",
            dependencies: [
                "FeatureModel", "FeastProtos",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FeatureRegistry",
            dependencies: [
                "FeatureModel", "NativeStorage", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "OnlineStores",
            dependencies: ["FeatureModel", "NativeStorage"],
            swiftSettings: strict
        ),
        .target(
            name: "OfflineStores",
            dependencies: [
                "FeatureModel", "FeatureCompute", "NativeStorage",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict
        ),
        // 2: the use cases.
        .target(
            name: "FeatureStoreKit",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureRegistry", "NativeStorage",
                "OnlineStores", "OfflineStores",
            ],
            swiftSettings: strict
        ),
        // 3: the ways in and out.
        .target(
            name: "FeatureServer",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureStoreKit",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FeatureServerGRPC",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureStoreKit", "FeatureServer",
                "FeastProtos",
                .product(name: "GRPCCore", package: "grpc-swift-2", condition: grpc),
                .product(
                    name: "GRPCNIOTransportHTTP2Posix",
                    package: "grpc-swift-nio-transport",
                    condition: grpc
                ),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        // 4: the program.
        .executableTarget(
            name: "fstore",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureDefinitions", "FeatureStoreKit",
                "FeatureServer", "FeatureServerGRPC", "FeastRegistry",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        // Measured by the scripts of benchmarks/, and by scripts/check-performance.
        .executableTarget(
            name: "Kernels",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureDefinitions", "NativeStorage",
                "OnlineStores", "OfflineStores", "FeatureStoreKit", "FeatureServer", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "benchmarks/Kernels",
            swiftSettings: strictTests
        ),
        .executableTarget(
            name: "Constant",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "benchmarks/Constant",
            swiftSettings: strictTests
        ),
        .executableTarget(
            name: "OpenLoop",
            path: "benchmarks/OpenLoop",
            swiftSettings: strictTests
        ),
        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["FeatureModel"],
            path: "Tests/TestSupport",
            swiftSettings: strictTests
        ),
        .target(name: "FaultInjection", path: "Tests/FaultInjection"),
        .testTarget(name: "TidyTests", swiftSettings: strictTests),
        .testTarget(
            name: "FeatureModelTests",
            dependencies: ["FeatureModel", "TestSupport"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "NativeStorageTests",
            dependencies: ["NativeStorage", "TestSupport"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeatureComputeTests",
            dependencies: ["FeatureModel", "FeatureCompute", "TestSupport"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeatureDefinitionsTests",
            dependencies: [
                "FeatureModel", "FeatureDefinitions", "TestSupport",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeastRegistryTests",
            dependencies: [
                "FeatureModel", "FeatureDefinitions", "FeastProtos", "FeastRegistry", "TestSupport",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeatureRegistryTests",
            dependencies: ["FeatureModel", "FeatureRegistry", "NativeStorage", "TestSupport"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "OnlineStoresTests",
            dependencies: ["FeatureModel", "OnlineStores", "NativeStorage", "TestSupport"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "OfflineStoresTests",
            dependencies: [
                "FeatureModel", "FeatureCompute", "OfflineStores", "NativeStorage", "TestSupport",
            ],
            exclude: ["LocalTimes.csv"],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeatureStoreKitTests",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureDefinitions", "FeatureStoreKit",
                "NativeStorage", "TestSupport",
            ],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeatureServerTests",
            dependencies: [
                "FeatureModel", "FeatureDefinitions", "FeatureStoreKit", "FeatureServer",
                "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "FeatureServerGRPCTests",
            dependencies: [
                "FeatureModel", "FeatureCompute", "FeatureStoreKit", "FeatureServerGRPC",
                "FeastProtos", "TestSupport",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strictTests
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "fstore", "NativeStorage", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["Golden"],
            swiftSettings: strictTests
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// The readers of bytes from outside: a test over kept bytes, or, for scripts/fuzz, a program whose
// main function is the fuzzer's.
let isFuzzing = Context.environment["FSTORE_FUZZ"] != nil
let fuzzed: [Target.Dependency] = [
    "FeatureModel", "FeatureCompute", "FeatureDefinitions", "FeatureRegistry", "FeastRegistry",
    "FeatureStoreKit", "FeatureServer", "NativeStorage", "OfflineStores", "OnlineStores",
    "TestSupport",
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
package.targets.append(
    isFuzzing
        ? .executableTarget(
            name: "Fuzzers",
            dependencies: fuzzed,
            path: "Tests/FuzzTests",
            exclude: ["Corpus", "CorpusTests.swift"],
            swiftSettings: strictTests
        )
        : .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            exclude: ["Corpus", "Fuzzer.swift"],
            swiftSettings: strictTests
        )
)
