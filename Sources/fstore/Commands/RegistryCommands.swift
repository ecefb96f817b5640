import ArgumentParser
import FeatureModel
import FeatureStoreKit

/// A kind of registered objects that can be listed and described.
protocol RegistryKind {
    static var kind: DefinitionKind { get }
    /// The header of the list.
    static var header: [String] { get }
    /// The lines of the list: the name first.
    static func rows(of repository: FeatureRepository) -> [[String]]
    /// The fields of one object; `nil` when there is none of that name.
    static func fields(of name: String, in repository: FeatureRepository) -> DefinitionFields?
    /// All objects, for JSON.
    static func objects(in repository: FeatureRepository) -> any Encodable
    /// One object, for JSON.
    static func object(_ name: String, in repository: FeatureRepository) -> (any Encodable)?
    /// What of the registry is listed, as a repository; by default all that is in force.
    static func listed(in registry: RegistrySnapshot) -> FeatureRepository
    /// The lines of the list, the name first, with what only the registry knows.
    static func rows(in registry: RegistrySnapshot) -> [[String]]
}

extension RegistryKind {
    static func listed(in registry: RegistrySnapshot) -> FeatureRepository { registry.repository }

    static func rows(in registry: RegistrySnapshot) -> [[String]] {
        self.rows(of: registry.repository)
    }
}

struct ListCommand<Kind: RegistryKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "List the \(Kind.kind.plural).")
    }

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let repository = try self.global.appliedRepository()
        if self.global.json {
            print(try jsonText(AnyEncodable(Kind.objects(in: repository))))
        } else {
            print(aligned([Kind.header] + Kind.rows(of: repository)))
        }
    }
}

struct DescribeCommand<Kind: RegistryKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "describe",
            abstract: "Print all that is registered about one \(Kind.kind.title)."
        )
    }

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name.")
    var name: String

    func run() throws {
        let repository = try self.global.appliedRepository()
        guard let fields = Kind.fields(of: self.name, in: repository),
            let object = Kind.object(self.name, in: repository)
        else {
            let names = Kind.rows(of: repository).map { $0[0] }
            printError(
                "error: there is no \(Kind.kind.title) \"\(self.name)\"; "
                    + Kind.kind.wayOut(of: self.name, among: names)
            )
            throw ExitCode.failure
        }
        if self.global.json {
            print(try jsonText(AnyEncodable(object)))
        } else {
            print("name: \(self.name)")
            for field in fields.fields {
                print("\(field.path): \(field.value)")
            }
        }
    }
}

extension GlobalOptions {
    /// The definitions in force.
    func appliedRepository() throws -> FeatureRepository {
        let store = try self.store()
        return try reportingFailure { () throws(FeatureStoreError) in
            try store.appliedRegistry().repository
        }
    }
}

/// Hides the type of what is encoded.
private struct AnyEncodable: Encodable {
    private let value: any Encodable

    init(_ value: any Encodable) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        try self.value.encode(to: encoder)
    }
}
