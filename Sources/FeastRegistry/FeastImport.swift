import FeastProtos
package import FeatureModel
import SwiftProtobuf

/// The definitions in a registry file of Feast, as definitions here.
///
/// The definitions are right by our rules, whatever the registry holds: what cannot be carried over
/// as it is, is changed or left out, and named in ``notes``.
package struct FeastImport: Sendable {
    /// A file that the definitions need and that somebody has to supply.
    package struct MissingFile: Hashable, Codable, Sendable {
        /// The file's path in the repository.
        package let path: String
        /// The source that reads it.
        package let source: String
        /// What has to be in it: where Feast reads the same rows.
        package let origin: String
    }

    /// The project.
    package let project: String
    /// What the project is, for people.
    package let description: String
    /// The definitions.
    package let repository: FeatureRepository
    /// What was changed or left out.
    package let notes: [FeastNote]
    /// The CSV files that stand for sources of other kinds.
    package let missingFiles: [MissingFile]
    /// Python code that was left out, by the name of what it computes.
    package let code: [String: String]

    /// Imports a project.
    ///
    /// - Parameters:
    ///   - bytes: The bytes of the registry file.
    ///   - project: The project; may be `nil` when the registry has one alone.
    /// - Throws: When the bytes are no registry, or the project is not in it or not named.
    package init(_ bytes: [UInt8], project: String? = nil) throws(FeastRegistryError) {
        let registry = try Self.registry(bytes)
        let name = try Self.chosen(project, in: registry)
        var reader = FeastRegistryReader(registry, project: name)
        reader.read()
        self.project = reader.projectName
        self.description = reader.projectDescription
        self.repository = reader.repository
        self.notes = reader.notes
        self.missingFiles = reader.missingFiles
        self.code = reader.code
    }

    /// Whether bytes are a registry file of Feast: a message with the version of its schema.
    package static func isRegistry(_ bytes: [UInt8]) -> Bool {
        (try? self.registry(bytes)) != nil
    }

    private static func registry(_ bytes: [UInt8]) throws(FeastRegistryError) -> FeastProtoRegistry
    {
        guard !bytes.isEmpty else { throw FeastRegistryError("the file is empty") }
        guard !bytes.starts(with: Array("SQLite format 3\u{0}".utf8)) else {
            throw FeastRegistryError(
                "the file is an SQLite database, and no registry file of Feast; of a SQL registry "
                    + "of Feast, make one with Feast: registry_type: file"
            )
        }
        do {
            let registry = try FeastProtoRegistry(serializedBytes: bytes)
            if registry.registrySchemaVersion == "1" { return registry }
        } catch {
            throw FeastRegistryError(
                "the file is no registry of Feast; name the registry.db of a repository of Feast"
            )
        }
        throw FeastRegistryError(
            "the file is no registry of Feast: it does not say registry_schema_version 1; name "
                + "the registry.db of a repository of Feast"
        )
    }

    private static func chosen(
        _ wanted: String?,
        in registry: FeastProtoRegistry
    ) throws(FeastRegistryError) -> String {
        var names: Set<String> = Set(registry.projects.map(\.spec.name))
        names.formUnion(registry.entities.map(\.spec.project))
        names.formUnion(registry.featureViews.map(\.spec.project))
        names.formUnion(registry.streamFeatureViews.map(\.spec.project))
        names.formUnion(registry.featureServices.map(\.spec.project))
        names.remove("")
        let known = names.sorted()
        if let wanted {
            guard names.contains(wanted) else {
                throw FeastRegistryError(
                    "the registry has no project \"\(wanted)\"; "
                        + suggestion(for: wanted, among: known, noun: "project")
                )
            }
            return wanted
        }
        guard let only = known.first else {
            throw FeastRegistryError("the registry has no project in it")
        }
        guard known.count == 1 else {
            throw FeastRegistryError(
                "the registry has several projects: \(known.joined(separator: ", ")); choose one "
                    + "with --project"
            )
        }
        return only
    }
}
