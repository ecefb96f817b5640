import ArgumentParser
import FeatureDefinitions
import FeatureModel
import FeatureStoreKit

struct FeatureViewsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feature-views",
        abstract: "List or describe feature views, and the generations that they had.",
        subcommands: [
            ListCommand<FeatureViews>.self, DescribeCommand<FeatureViews>.self,
            VersionsCommand.self,
        ]
    )

    /// The views in force, and before each its earlier generations that services pin.
    enum FeatureViews: ListedKind {
        static let kind = DefinitionKind.featureView
        static let header = ["NAME", "ENTITIES", "TTL", "FEATURES", "SOURCE", "ONLINE"]

        static func entries(in registry: RegistrySnapshot) -> [RegistryEntry] {
            registry.repository.featureViews.flatMap { view in
                registry.generations(of: view.name).map { Self.entry($0, in: registry) }
            }
        }

        private static func entry(
            _ generation: FeatureViewGeneration,
            in registry: RegistrySnapshot
        ) -> RegistryEntry {
            let view = generation.view
            let services = registry.services(pinning: view.name, version: generation.number)
                .joined(separator: ", ")
            let isInForce = registry.newestGeneration(of: view.name) == generation.number
            let name = isInForce ? view.name : generation.reference
            var entry = RegistryEntry(
                name: name,
                reference: generation.reference,
                cells: [
                    isInForce ? name : "\(name) (pinned by \(services))",
                    view.entities.joined(separator: ", "),
                    DurationText.text(microseconds: view.ttlMicroseconds),
                    String(view.schema.count), view.source, view.online ? "yes" : "no",
                ],
                fields: DefinitionFields(view),
                definition: view,
                value: RepositoryWriter.value(of: view)
            )
            entry.registered.append((key: "generation", value: String(generation.number)))
            if !services.isEmpty {
                entry.registered.append((key: "pinned_by", value: services))
            }
            return entry
        }
    }

    struct VersionsCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "versions",
            abstract: "List the generations that a feature view had, and what began each.",
            discussion: """
                A view starts a generation when its keys, its source or a type change, or when it \
                loses a feature. A feature service stays with one by naming it: view@v1.
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The feature view.")
        var name: String

        func run() throws {
            let store = try self.global.store()
            let versions = try reportingFailure { () throws(FeatureStoreError) in
                try store.viewVersions(of: self.name)
            }
            if self.global.json {
                print(try jsonText(versions))
                return
            }
            let header = ["VERSION", "REGISTRY", "APPLIED", "STATE", "WHAT CHANGED"]
            let rows = versions.map { version in
                let services = version.pinnedBy.joined(separator: ", ")
                let state =
                    switch version.state {
                    case .inForce: services.isEmpty ? "in force" : "in force, pinned by \(services)"
                    case .pinned: "pinned by \(services)"
                    case .gone: "gone"
                    }
                return [
                    "\(self.name)@v\(version.generation)", String(version.registryVersion),
                    version.appliedAt.description, state, version.change,
                ]
            }
            print(aligned([header] + rows))
        }
    }
}
