import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores

extension FeatureStore {
    /// Makes a training set and keeps it under a name, with what it was made from.
    ///
    /// The set lies beside the registry, in `saved_datasets/NAME/`: `training_set.csv`, the entity
    /// rows in `entity_rows.csv`, and `manifest.json` with the registry's version and the hashes of
    /// the definitions and inputs. It is there as a whole or not at all.
    ///
    /// - Parameters:
    ///   - name: The set's name: no `/`, `:`, `@` or `,`, no dot at its beginning.
    ///   - features: References such as `view:feature`, or a service.
    ///   - entities: The entity rows.
    ///   - options: See ``HistoricalFeaturesOptions``.
    ///   - replacing: Whether a set of that name is replaced.
    ///   - progress: Called after each batch of rows of a source.
    /// - Returns: What is known of the saved set, and the set.
    /// - Throws: ``FeatureStoreError``: `invalidArgument` for a name that is taken or is none,
    ///   `conflict` when an input changed meanwhile, and all that
    ///   ``historicalFeatures(_:entities:options:progress:)`` throws. Nothing is kept then.
    @discardableResult
    public func saveDataset(
        _ name: String,
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions = HistoricalFeaturesOptions(),
        replacing: Bool = false,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> (dataset: SavedDataset, trainingSet: TrainingSet) {
        try self.audited(.saveDataset, [name]) { (details) throws(FeatureStoreError) in
            let saved = try self.makeDataset(
                name,
                features,
                entities: entities,
                options: options,
                replacing: replacing,
                progress: progress
            )
            details.count("rows", saved.trainingSet.report.rows)
            return saved
        }
    }

    private func makeDataset(
        _ name: String,
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions,
        replacing: Bool,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)?
    ) throws(FeatureStoreError) -> (dataset: SavedDataset, trainingSet: TrainingSet) {
        let began = ContinuousClock.now
        try self.checkWritable("training sets cannot be saved")
        // What is kept is kept by what was forgotten when it began.
        let lease = try self.forgettingLease()
        defer { withExtendedLifetime(lease) {} }
        try SavedDatasetFolder.check(name: name)
        let folder = self.savedDatasetFolder
        if !replacing, try folder.contains(name) { throw SavedDatasetFolder.exists(name) }
        var entities = entities
        if case .keys(let start, nil, let every) = entities {
            entities = .keys(from: start, to: self.now(), everyMicroseconds: every)
        }
        let snapshot = try self.appliedSnapshot()
        let resolution = try FeatureResolution(
            features,
            in: snapshot,
            fullFeatureNames: options.fullFeatureNames
        )
        let definitions = try self.definitions(
            of: resolution,
            features,
            version: snapshot.version,
            in: snapshot.repository
        )
        let inputs = try self.datasetInputs(of: resolution)
        let rows = try self.entityRows(
            entities,
            for: resolution,
            options: options,
            keepsText: true,
            progress: progress
        )
        let set = try self.trainingSet(
            of: resolution,
            for: rows,
            options: options,
            began: began,
            progress: progress
        )
        let changes = try self.changes(since: inputs, of: resolution)
        guard changes.isEmpty else {
            throw FeatureStoreError(
                code: .conflict,
                message: "nothing was saved, for an input changed while the training set was made: "
                    + changes.map(\.description).joined(separator: "; ") + "; try again"
            )
        }
        let text = rows.text ?? TrainingSet.csv(of: rows.rows.table)
        var saved: SavedDataset?
        try folder.writing(name, replacing: replacing) { (path) throws(FeatureStoreError) in
            let dataset = SavedDataset(
                name: name,
                project: snapshot.project,
                created: self.now(),
                registryVersion: snapshot.version,
                features: SavedDataset.Features(features),
                options: SavedDataset.Options(options),
                entityRows: SavedDataset.EntityRows(entities, text: text),
                definitions: definitions,
                inputs: inputs,
                columns: set.table.columnNames,
                rows: set.table.rowCount,
                trainingSet: set.file
            )
            try set.write(to: .path("\(path)/\(SavedDatasetFolder.trainingSetName)"))
            try dataset.write(to: path, entityRows: text)
            saved = dataset
        }
        guard let saved else { preconditionFailure("what was written is known") }
        return (saved, set)
    }

    /// All saved datasets of the project, by name.
    public func savedDatasets() throws(FeatureStoreError) -> [SavedDataset] {
        let folder = self.savedDatasetFolder
        var datasets: [SavedDataset] = []
        for name in try folder.names() {
            datasets.append(try folder.manifest(of: name))
        }
        return datasets
    }

    /// A saved dataset.
    ///
    /// - Throws: ``FeatureStoreError``: `invalidArgument` with the nearest names for no such set.
    public func savedDataset(_ name: String) throws(FeatureStoreError) -> SavedDataset {
        try self.savedDatasetFolder.manifest(of: name)
    }

    /// The bytes of a saved dataset's CSV.
    ///
    /// - Throws: ``FeatureStoreError``: `corruptData` when they are not those that were saved.
    public func savedDatasetText(_ name: String) throws(FeatureStoreError) -> [UInt8] {
        let dataset = try self.savedDataset(name)
        return try self.savedDatasetFolder.checkedBytes(of: dataset.trainingSet, in: name)
    }

    /// Writes a saved dataset's CSV to a file, or to standard output for `-`.
    public func writeSavedDataset(
        _ name: String,
        to path: String
    ) throws(FeatureStoreError) {
        guard path == "-" || path.lowercased().hasSuffix(".csv") else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path): a saved dataset is CSV, and comes out letter for letter; give a "
                    + "file that ends in .csv"
            )
        }
        if path != "-" { try self.check(.path(path)) }
        let bytes = try self.savedDatasetText(name)
        do {
            if path == "-" {
                try TableWriter.write(bytes, toDescriptor: 1)
            } else {
                try TableWriter.write(bytes, to: path)
            }
        } catch {
            throw FeatureStoreError(error)
        }
    }

    /// Removes a saved dataset.
    public func deleteSavedDataset(_ name: String) throws(FeatureStoreError) {
        try self.checkWritable("saved datasets cannot be deleted")
        try self.audited(.deleteDataset, [name]) { (_) throws(FeatureStoreError) in
            // One that is damaged can go as well.
            try self.savedDatasetFolder.checkIsThere(name)
            try self.savedDatasetFolder.remove(name)
        }
    }

    /// The absolute path of a saved dataset's folder, whether it is there or not.
    public func folder(ofSavedDataset name: String) -> String {
        self.savedDatasetFolder.path(of: name)
    }

    // MARK: Inner workings

    var savedDatasetFolder: SavedDatasetFolder {
        SavedDatasetFolder(
            path: self.paths.savedDatasets,
            isReadOnly: self.snapshotPath != nil
        )
    }

    /// The definitions that a selection depends on, with their hashes.
    func definitions(
        of resolution: FeatureResolution,
        _ features: FeatureSelection,
        version: Int,
        in repository: FeatureRepository
    ) throws(FeatureStoreError) -> [SavedDataset.Definition] {
        var wanted: [DefinitionKind: Set<String>] = [:]
        if case .service(let name) = features { wanted[.featureService] = [name] }
        for view in resolution.views {
            wanted[.featureView, default: []].insert(view.view.name)
            wanted[.dataSource, default: []].formUnion([view.view.source, view.source.name])
            if let batchSource = repository.dataSource(view.view.source)?.batchSource {
                wanted[.dataSource, default: []].insert(batchSource)
            }
            wanted[.entity, default: []].formUnion(view.view.entities)
        }
        for name in Set(resolution.computations.map(\.computed.view)) {
            wanted[.onDemandFeatureView, default: []].insert(name)
            let sources = repository.onDemandFeatureView(name)?.sources ?? []
            wanted[.dataSource, default: []].formUnion(sources)
        }
        let stored: [RegisteredDefinition]
        do {
            stored = try self.registry.definitions(version: version)
        } catch {
            throw FeatureStoreError(error)
        }
        return stored.filter { wanted[$0.kind]?.contains($0.name) ?? false }
            .map { definition in
                SavedDataset.Definition(
                    kind: definition.kind.rawValue,
                    name: definition.name,
                    sha256: ContentHash.text(of: Array(definition.text.utf8))
                )
            }
    }
}

extension SavedDataset {
    /// Writes the files of a set, last what is known of it.
    ///
    /// - Parameters:
    ///   - path: The set's folder.
    ///   - set: The set as CSV; `nil` when it is there.
    ///   - entityRows: The entity rows.
    /// - Throws: ``FeatureStoreError`` when a file cannot be written.
    func write(
        to path: String,
        set: [UInt8]? = nil,
        entityRows: [UInt8]
    ) throws(FeatureStoreError) {
        do {
            if let set {
                try TableWriter.write(set, to: "\(path)/\(SavedDatasetFolder.trainingSetName)")
            }
            try TableWriter.write(entityRows, to: "\(path)/\(SavedDatasetFolder.entityRowsName)")
            let manifest = try self.manifestText()
            try TableWriter.write(manifest, to: "\(path)/\(SavedDatasetFolder.manifestName)")
        } catch let error as OfflineStoreError {
            throw FeatureStoreError(error)
        } catch {
            throw FeatureStoreError(code: .unavailable, message: "\(error)", cause: error)
        }
    }

    fileprivate func manifestText() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return SealedJSON.sealed(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")])
    }
}

extension SavedDataset.Features {
    fileprivate init(_ selection: FeatureSelection) {
        switch selection {
        case .features(let references): self.init(references: references, service: nil)
        case .service(let name): self.init(references: nil, service: name)
        }
    }
}

extension SavedDataset.Options {
    fileprivate init(_ options: HistoricalFeaturesOptions) {
        self.init(
            timestampField: options.timestampField,
            fullFeatureNames: options.fullFeatureNames,
            filterByCreatedTimestamp: options.filterByCreatedTimestamp,
            strict: options.strict
        )
    }
}

extension SavedDataset.EntityRows {
    fileprivate init(_ input: EntityRowsInput, text: [UInt8]) {
        var origin = Origin.table
        var path: String?
        var window: (start: Timestamp?, end: Timestamp?, every: Int64?) = (nil, nil, nil)
        switch input {
        case .file(let given):
            origin = .file
            path = given
        case .standardInput: origin = .standardInput
        case .table: origin = .table
        case .keys(let start, let end, let every):
            origin = .keys
            window = (start, end, every)
        }
        self.init(
            origin: origin,
            path: path,
            start: window.start,
            end: window.end,
            everyMicroseconds: window.every,
            file: SavedDataset.File(
                name: SavedDatasetFolder.entityRowsName,
                size: text.count,
                sha256: ContentHash.text(of: text)
            )
        )
    }
}

extension TrainingSet {
    /// The whole set as the CSV that ``write(to:)`` makes.
    package func csv() -> [UInt8] { Self.csv(of: self.table) }

    /// A table as CSV.
    static func csv(of table: Table) -> [UInt8] {
        var bytes: [UInt8] = []
        TableWriter.stream(table, as: .csv) { piece in bytes.append(span: piece) }
        return bytes
    }

    /// What the file of the set is, by its bytes.
    var file: SavedDataset.File {
        var measure = ContentMeasure()
        TableWriter.stream(self.table, as: .csv) { measure.add($0, size: $0.count) }
        return SavedDataset.File(
            name: SavedDatasetFolder.trainingSetName,
            size: measure.size,
            sha256: measure.hashText
        )
    }
}
