import FeastProtos
package import FeatureModel
import Foundation
import SwiftProtobuf

/// The registry that a client with Feast's SDK needs, made from the definitions in force.
///
/// The same definitions give the same bytes. What Feast has no field for goes into tags
/// (``FStoreTag``), so that ``FeastImport`` finds the same definitions in the bytes.
package struct FeastExport: Sendable {
    /// The bytes of the registry file.
    package let bytes: [UInt8]
    /// What the registry does not say, or says in another way.
    package private(set) var notes: [FeastNote] = []

    private let registry: FeastProtoRegistry
    private let project: String

    /// Exports definitions.
    ///
    /// - Parameters:
    ///   - repository: Definitions that validation finds nothing wrong with.
    ///   - project: The project's name.
    ///   - version: The version of the registry that they are of.
    ///   - appliedAt: When it was applied.
    /// - Throws: When the definitions cannot be put into bytes, such as more than two gigabytes.
    package init(
        _ repository: FeatureRepository,
        project: String,
        version: Int,
        appliedAt: Timestamp
    ) throws(FeastRegistryError) {
        var writer = FeastRegistryWriter(repository, project: project, appliedAt: appliedAt)
        var registry = writer.registry()
        registry.registrySchemaVersion = "1"
        // The SDK keeps what it read of a registry by this text.
        registry.versionID = "\(project)-\(version)-\(appliedAt.microseconds)"
        registry.lastUpdated = Google_Protobuf_Timestamp(appliedAt)
        self.registry = registry
        self.project = project
        self.notes = writer.notes
        do {
            var options = BinaryEncodingOptions()
            options.useDeterministicOrdering = true
            self.bytes = try registry.serializedBytes(options: options)
        } catch {
            throw FeastRegistryError("the registry cannot be written as protobuf: \(error)")
        }
    }

    /// The registry as JSON, in the form of `feast registry-dump`: keys and objects in order.
    package func json() throws(FeastRegistryError) -> String {
        do {
            var dump: [String: Any] = ["project": self.project]
            func add(_ key: String, _ messages: [(name: String, message: any Message)]) throws {
                guard !messages.isEmpty else { return }
                dump[key] = try messages.sorted { $0.name < $1.name }.map { named in
                    let data: Data = try named.message.jsonUTF8Data()
                    return try JSONSerialization.jsonObject(with: data)
                }
            }
            let registry = self.registry
            try add("dataSources", registry.dataSources.map { ($0.name, $0) })
            try add("entities", registry.entities.map { ($0.spec.name, $0) })
            try add("featureViews", registry.featureViews.map { ($0.spec.name, $0) })
            try add("featureServices", registry.featureServices.map { ($0.spec.name, $0) })
            try add(
                "onDemandFeatureViews",
                registry.onDemandFeatureViews.map { ($0.spec.name, $0) }
            )
            let options: JSONSerialization.WritingOptions = [
                .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
            ]
            let data = try JSONSerialization.data(withJSONObject: dump, options: options)
            return String(decoding: data, as: UTF8.self)
        } catch {
            throw FeastRegistryError("the registry cannot be written as JSON: \(error)")
        }
    }
}

extension Google_Protobuf_Timestamp {
    init(_ time: FeatureModel.Timestamp) {
        let (seconds, microseconds) = wholeSeconds(time.microseconds)
        self.init(seconds: seconds, nanos: microseconds * 1000)
    }
}

extension Google_Protobuf_Duration {
    init(microseconds: Int64) {
        let (seconds, rest) = wholeSeconds(microseconds)
        self.init(seconds: seconds, nanos: rest * 1000)
    }
}

/// Seconds, rounded down, and the microseconds that are left.
private func wholeSeconds(_ microseconds: Int64) -> (seconds: Int64, microseconds: Int32) {
    let rest = microseconds % 1_000_000
    let seconds = microseconds / 1_000_000
    return rest < 0
        ? (seconds - 1, Int32(truncatingIfNeeded: rest + 1_000_000))
        : (seconds, Int32(truncatingIfNeeded: rest))
}
