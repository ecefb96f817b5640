import FeatureModel
import Foundation

/// Definitions as the JSON that the registry stores: keys sorted, so that equal definitions are
/// equal texts.
enum RegistryCoding {
    /// The rows of a repository.
    static func rows(
        of repository: FeatureRepository
    ) throws(RegistryError) -> [RegistryTables.ObjectRow] {
        var rows: [RegistryTables.ObjectRow] = []
        try self.append(repository.entities, .entity, name: \.name, to: &rows)
        try self.append(repository.dataSources, .dataSource, name: \.name, to: &rows)
        try self.append(repository.featureViews, .featureView, name: \.name, to: &rows)
        try self.append(
            repository.onDemandFeatureViews,
            .onDemandFeatureView,
            name: \.name,
            to: &rows
        )
        try self.append(repository.featureServices, .featureService, name: \.name, to: &rows)
        return rows
    }

    // MARK: Generations

    /// The kind of rows that hold the number of a name's newest generation.
    ///
    /// A name without such a row never had more than one.
    private static let newestGenerationKind = "newestGeneration"
    /// The kind of rows that hold what services pin.
    private static let heldGenerationKind = "heldGeneration"

    /// The kinds of rows that are no definitions.
    private static let ownKinds = [newestGenerationKind, heldGenerationKind, offlineStoreKind]
    /// The kind of the row that holds the file of sources that name none.
    private static let offlineStoreKind = "offlineStore"

    /// The row of the file of sources that name none, if there is such a file.
    static func rows(
        ofOfflineStore path: String?
    ) throws(RegistryError) -> [RegistryTables.ObjectRow] {
        guard let path else { return [] }
        return [
            RegistryTables.ObjectRow(
                kind: self.offlineStoreKind,
                name: "path",
                position: 0,
                definition: try self.text(path)
            )
        ]
    }

    /// The file of sources that name none, as rows tell it.
    static func offlineStorePath(
        of rows: [RegistryTables.ObjectRow]
    ) throws(RegistryError) -> String? {
        guard let row = rows.first(where: { $0.kind == self.offlineStoreKind }) else { return nil }
        return try self.decoded(row.definition)
    }

    /// The rows of generations.
    static func rows(
        of generations: ViewGenerations
    ) throws(RegistryError) -> [RegistryTables.ObjectRow] {
        var rows: [RegistryTables.ObjectRow] = []
        let numbers = generations.newest.filter { $0.value > 1 }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (name, number) in numbers {
            rows.append(
                RegistryTables.ObjectRow(
                    kind: self.newestGenerationKind,
                    name: name,
                    position: 0,
                    definition: try self.text(number)
                )
            )
        }
        for (position, generation) in generations.held.enumerated() {
            rows.append(
                RegistryTables.ObjectRow(
                    kind: self.heldGenerationKind,
                    name: generation.reference,
                    position: Int64(position),
                    definition: try self.text(generation)
                )
            )
        }
        return rows
    }

    /// The generations that rows tell of.
    ///
    /// - Parameters:
    ///   - rows: The rows of a version; those of other kinds are left out.
    ///   - names: The names that were a view's at any time up to that version.
    /// - Returns: The generations of all these names.
    /// - Throws: `notARegistry` for a definition that cannot be read.
    static func generations(
        of rows: [RegistryTables.ObjectRow],
        names: [String]
    ) throws(RegistryError) -> ViewGenerations {
        var newest = Dictionary(names.map { ($0, 1) }) { first, _ in first }
        var held: [FeatureViewGeneration] = []
        for row in rows {
            switch row.kind {
            case self.newestGenerationKind: newest[row.name] = try self.decoded(row.definition)
            case self.heldGenerationKind: held.append(try self.decoded(row.definition))
            default: continue
            }
        }
        return ViewGenerations(newest: newest, held: held)
    }

    // MARK: Objects

    /// The repository of rows that are in the order of their positions; those of generations are
    /// left out.
    static func repository(
        of rows: [RegistryTables.ObjectRow]
    ) throws(RegistryError) -> FeatureRepository {
        var repository = FeatureRepository()
        for row in rows {
            switch DefinitionKind(rawValue: row.kind) {
            case .entity:
                repository.entities.append(try self.decoded(row.definition))
            case .dataSource:
                repository.dataSources.append(try self.decoded(row.definition))
            case .featureView:
                repository.featureViews.append(try self.decoded(row.definition))
            case .onDemandFeatureView:
                repository.onDemandFeatureViews.append(try self.decoded(row.definition))
            case .featureService:
                repository.featureServices.append(try self.decoded(row.definition))
            case nil where self.ownKinds.contains(row.kind):
                continue
            case nil:
                throw RegistryError(
                    code: .notARegistry,
                    message: "the registry holds an object of an unknown kind \"\(row.kind)\""
                )
            }
        }
        return repository
    }

    /// A value as JSON.
    static func text(_ value: some Encodable) throws(RegistryError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw RegistryError(
                code: .unavailable,
                message: "a definition cannot be written as JSON: \(error)",
                cause: error
            )
        }
    }

    /// A value from its JSON.
    static func decoded<Value: Decodable>(_ text: String) throws(RegistryError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw RegistryError(
                code: .notARegistry,
                message: "the registry is damaged: \(error)",
                cause: error
            )
        }
    }

    private static func append<Definition: Encodable>(
        _ definitions: [Definition],
        _ kind: DefinitionKind,
        name: (Definition) -> String,
        to rows: inout [RegistryTables.ObjectRow]
    ) throws(RegistryError) {
        for (position, definition) in definitions.enumerated() {
            rows.append(
                RegistryTables.ObjectRow(
                    kind: kind.rawValue,
                    name: name(definition),
                    position: Int64(position),
                    definition: try self.text(definition)
                )
            )
        }
    }
}
