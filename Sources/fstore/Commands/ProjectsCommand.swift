import ArgumentParser
import FeatureStoreKit

struct ProjectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projects",
        abstract: "List or describe projects; a registry has one.",
        subcommands: [ListProjects.self, DescribeProject.self]
    )

    struct ListProjects: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the projects."
        )

        @OptionGroup var global: GlobalOptions

        func run() throws {
            let project = try Project(self.global)
            if self.global.json {
                print(try jsonText([project]))
                return
            }
            let header = ["NAME", "REGISTRY VERSION", "APPLIED", "FEATURE VIEWS", "SERVICES"]
            let row = [
                project.name, String(project.version), project.appliedAt?.description ?? "never",
                String(project.featureViews), String(project.featureServices),
            ]
            print(aligned([header, row]))
        }
    }

    struct DescribeProject: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe",
            abstract: "Print all that is registered about one project."
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The name.")
        var name: String

        func run() throws {
            let project = try Project(self.global)
            guard project.name == self.name else {
                printError(
                    "error: there is no project \"\(self.name)\"; "
                        + suggestion(for: self.name, among: [project.name], noun: "project")
                )
                throw ExitCode.failure
            }
            if self.global.json {
                print(try jsonText(project))
                return
            }
            print("name: \(project.name)")
            print("directory: \(project.directory)")
            print("registry: \(project.registry)")
            print("registry version: \(project.version)")
            print("applied: \(project.appliedAt?.description ?? "never")")
            print("entities: \(project.entities)")
            print("data sources: \(project.dataSources)")
            print("feature views: \(project.featureViews)")
            print("on-demand feature views: \(project.onDemandFeatureViews)")
            print("feature services: \(project.featureServices)")
        }
    }

    /// The project of a registry.
    private struct Project: Encodable {
        private enum CodingKeys: String, CodingKey {
            case name
            case directory
            case registry
            case version = "registry_version"
            case appliedAt = "applied_at"
            case entities
            case dataSources = "data_sources"
            case featureViews = "feature_views"
            case onDemandFeatureViews = "on_demand_feature_views"
            case featureServices = "feature_services"
        }

        let name: String
        let directory: String
        let registry: String
        let version: Int
        let appliedAt: Timestamp?
        let entities: Int
        let dataSources: Int
        let featureViews: Int
        let onDemandFeatureViews: Int
        let featureServices: Int

        init(_ global: GlobalOptions) throws {
            let store = try global.store()
            let applied = try reportingFailure { () throws(FeatureStoreError) in
                try store.appliedRegistry()
            }
            let configured = store.configuration.project
            self.name = applied.project.isEmpty ? configured : applied.project
            self.directory = store.directory
            self.registry = store.configuration.registry
            self.version = applied.version
            self.appliedAt = applied.appliedAt
            self.entities = applied.repository.entities.count
            self.dataSources = applied.repository.dataSources.count
            self.featureViews = applied.repository.featureViews.count
            self.onDemandFeatureViews = applied.repository.onDemandFeatureViews.count
            self.featureServices = applied.repository.featureServices.count
        }
    }
}

struct EndpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoint",
        abstract: "Print where the repository's server listens; 1 when none runs."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let owner = try self.global.store().onlineStoreOwner()
        if self.global.json {
            print(try jsonText(["address": owner?.address]))
        } else if let address = owner?.address {
            print(address)
        }
        guard owner?.address != nil else {
            printError("no server runs on this repository; start one with: fstore serve")
            throw ExitCode.failure
        }
    }
}
