import ArgumentParser
import FeatureDefinitions
import FeatureModel
import FeatureStoreKit

/// What is listed and described.
protocol ListedKind {
    static var kind: DefinitionKind { get }
    /// The header of the list.
    static var header: [String] { get }
    /// The lines of the list.
    static func entries(in registry: RegistrySnapshot) -> [RegistryEntry]
}

/// One registered object as it is listed and described.
struct RegistryEntry {
    /// The name by which it is described.
    let name: String
    /// Another name by which it may be asked for.
    var reference: String?
    /// Its line in the list.
    let cells: [String]
    let fields: DefinitionFields
    /// What is hashed.
    let definition: any Encodable
    /// The same with the keys that a file has.
    let value: DefinitionValue
    /// What the registry alone knows of it: keys and values.
    var registered: [(key: String, value: String)] = []
}

/// A kind of objects of which each has one definition, the one in force.
protocol RegistryKind: ListedKind {
    /// The lines of the list: the name first.
    static func rows(of repository: FeatureRepository) -> [[String]]
    /// The fields of one object; `nil` when there is none of that name.
    static func fields(of name: String, in repository: FeatureRepository) -> DefinitionFields?
    /// One object, and the same with the keys that a file has.
    static func object(
        _ name: String,
        in repository: FeatureRepository
    ) -> (definition: any Encodable, value: DefinitionValue)?
}

extension RegistryKind {
    static func entries(in registry: RegistrySnapshot) -> [RegistryEntry] {
        let repository = registry.repository
        return self.rows(of: repository).compactMap { cells in
            guard let fields = self.fields(of: cells[0], in: repository),
                let object = self.object(cells[0], in: repository)
            else { return nil }
            return RegistryEntry(
                name: cells[0],
                cells: cells,
                fields: fields,
                definition: object.definition,
                value: object.value
            )
        }
    }
}

struct ListCommand<Kind: ListedKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "List the \(Kind.kind.plural).")
    }

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let registry = try self.global.appliedRegistry()
        let entries = Kind.entries(in: registry)
        if self.global.json {
            print(try jsonText(entries.map { try RegisteredObject($0) }))
        } else {
            print(aligned([Kind.header] + entries.map(\.cells)))
        }
    }
}

struct DescribeCommand<Kind: ListedKind>: ParsableCommand {
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
        let registry = try self.global.appliedRegistry()
        let entries = Kind.entries(in: registry)
        guard
            let entry = entries.first(where: {
                $0.name == self.name || $0.reference == self.name
            })
        else {
            printError(
                "error: there is no \(Kind.kind.title) \"\(self.name)\"; "
                    + Kind.kind.wayOut(of: self.name, among: entries.map(\.name))
            )
            throw ExitCode.failure
        }
        let object = try RegisteredObject(entry)
        if self.global.json {
            print(try jsonText(object))
            return
        }
        print("name: \(self.name)")
        for field in entry.fields.fields {
            print("\(field.path): \(field.value)")
        }
        for (key, value) in object.registered {
            print("\(key): \(value)")
        }
    }
}

extension GlobalOptions {
    /// What is applied.
    func appliedRegistry() throws -> RegistrySnapshot {
        let store = try self.store()
        return try reportingFailure { () throws(FeatureStoreError) in
            try store.appliedRegistry()
        }
    }
}

/// A definition with what the registry knows of it; as JSON both are one object.
private struct RegisteredObject: Encodable {
    private let value: DefinitionValue
    /// Keys and values, the hash of the definition last.
    let registered: [(key: String, value: String)]

    init(_ entry: RegistryEntry) throws {
        self.value = entry.value
        let hash = try reportingFailure { () throws(RegistryError) in
            try DefinitionHash.text(of: entry.definition)
        }
        self.registered = entry.registered + [(key: "definition_hash", value: hash)]
    }

    func encode(to encoder: any Encoder) throws {
        var pairs: [String: DefinitionValue] = [:]
        if case .map(let defined) = self.value { pairs = defined }
        for (key, value) in self.registered {
            pairs[key] = .text(value)
        }
        try DefinitionValue.map(pairs).encode(to: encoder)
    }
}
