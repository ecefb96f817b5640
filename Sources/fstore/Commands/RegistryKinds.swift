import ArgumentParser
import FeatureDefinitions
import FeatureModel
import FeatureStoreKit

struct EntitiesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entities",
        abstract: "List or describe entities.",
        subcommands: [ListCommand<Entities>.self, DescribeCommand<Entities>.self]
    )

    enum Entities: RegistryKind {
        static let kind = DefinitionKind.entity
        static let header = ["NAME", "JOIN KEYS", "DESCRIPTION"]

        static func rows(of repository: FeatureRepository) -> [[String]] {
            repository.entities.map { entity in
                let keys = entity.joinKeys.map { "\($0.name) \($0.type)" }
                return [entity.name, keys.joined(separator: ", "), entity.description]
            }
        }

        static func fields(
            of name: String,
            in repository: FeatureRepository
        ) -> DefinitionFields? {
            repository.entity(name).map { DefinitionFields($0) }
        }

        static func object(
            _ name: String,
            in repository: FeatureRepository
        ) -> (definition: any Encodable, value: DefinitionValue)? {
            repository.entity(name).map { ($0, RepositoryWriter.value(of: $0)) }
        }
    }
}

struct DataSourcesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data-sources",
        abstract: "List or describe data sources.",
        subcommands: [ListCommand<DataSources>.self, DescribeCommand<DataSources>.self]
    )

    enum DataSources: RegistryKind {
        static let kind = DefinitionKind.dataSource
        static let header = ["NAME", "TYPE", "LOCATION", "TIMESTAMP FIELD"]

        static func rows(of repository: FeatureRepository) -> [[String]] {
            repository.dataSources.map { source in
                let time = source.timestampField ?? "none: static"
                switch source.kind {
                case .csv(let options):
                    return [source.name, "csv", options.path, time]
                case .sqlite(let options):
                    let relation: String
                    switch options.relation {
                    case .table(let name): relation = name
                    case .query: relation = "query"
                    }
                    return [
                        source.name, "sqlite", "\(options.path ?? "offline store") \(relation)",
                        time,
                    ]
                case .push(let options):
                    let batch = options.batchSource.map { "on top of \($0)" } ?? "alone"
                    return [source.name, "push", batch, source.timestampField ?? ""]
                case .request(let options):
                    let names = options.schema.map(\.name).joined(separator: " ")
                    return [source.name, "request", names, ""]
                }
            }
        }

        static func fields(
            of name: String,
            in repository: FeatureRepository
        ) -> DefinitionFields? {
            repository.dataSource(name).map { DefinitionFields($0) }
        }

        static func object(
            _ name: String,
            in repository: FeatureRepository
        ) -> (definition: any Encodable, value: DefinitionValue)? {
            repository.dataSource(name).map { ($0, RepositoryWriter.value(of: $0)) }
        }
    }
}

struct OnDemandFeatureViewsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "on-demand-feature-views",
        abstract: "List or describe on-demand feature views.",
        subcommands: [ListCommand<Views>.self, DescribeCommand<Views>.self]
    )

    enum Views: RegistryKind {
        static let kind = DefinitionKind.onDemandFeatureView
        static let header = ["NAME", "SOURCES", "FEATURES"]

        static func rows(of repository: FeatureRepository) -> [[String]] {
            repository.onDemandFeatureViews.map { view in
                [
                    view.name, view.sources.joined(separator: ", "),
                    view.features.map(\.name).joined(separator: " "),
                ]
            }
        }

        static func fields(
            of name: String,
            in repository: FeatureRepository
        ) -> DefinitionFields? {
            repository.onDemandFeatureView(name).map { DefinitionFields($0) }
        }

        static func object(
            _ name: String,
            in repository: FeatureRepository
        ) -> (definition: any Encodable, value: DefinitionValue)? {
            repository.onDemandFeatureView(name).map { ($0, RepositoryWriter.value(of: $0)) }
        }
    }
}

struct FeatureServicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feature-services",
        abstract: "List or describe feature services.",
        subcommands: [ListCommand<FeatureServices>.self, DescribeCommand<FeatureServices>.self]
    )

    enum FeatureServices: RegistryKind {
        static let kind = DefinitionKind.featureService
        static let header = ["NAME", "FEATURES", "DESCRIPTION"]

        static func rows(of repository: FeatureRepository) -> [[String]] {
            repository.featureServices.map { service in
                let features = service.features.map { projection in
                    let view =
                        projection.alias.map { "\(projection.reference) as \($0)" }
                        ?? projection.reference
                    return projection.features.map { "\(view): \($0.joined(separator: " "))" }
                        ?? view
                }
                return [service.name, features.joined(separator: "; "), service.description]
            }
        }

        static func fields(
            of name: String,
            in repository: FeatureRepository
        ) -> DefinitionFields? {
            repository.featureService(name).map { DefinitionFields($0) }
        }

        static func object(
            _ name: String,
            in repository: FeatureRepository
        ) -> (definition: any Encodable, value: DefinitionValue)? {
            repository.featureService(name).map { ($0, RepositoryWriter.value(of: $0)) }
        }
    }
}
