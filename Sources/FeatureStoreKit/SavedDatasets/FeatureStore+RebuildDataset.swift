import FeatureModel
import OfflineStores

extension FeatureStore {
    /// Makes a saved dataset again: by the definitions of its registry version, from its entity
    /// rows and from the inputs as they are now.
    ///
    /// - Parameters:
    ///   - name: The set's name.
    ///   - allowChangedInputs: Whether the set is made also when an input is not what it was.
    ///   - progress: Called after each batch of rows of a source.
    /// - Returns: What changed, what was made, and where that differs from what was saved.
    /// - Throws: ``FeatureStoreError``: `invalidArgument` for an unknown name; `conflict` when the
    ///   registry no longer holds the definitions; `corruptData` when the saved files are not what
    ///   was saved; and all that ``historicalFeatures(_:entities:options:progress:)`` throws.
    public func rebuildDataset(
        _ name: String,
        allowChangedInputs: Bool = false,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> RebuiltDataset {
        let began = ContinuousClock.now
        let dataset = try self.savedDataset(name)
        let folder = self.savedDatasetFolder
        let saved = try folder.checkedBytes(of: dataset.trainingSet, in: name)
        let entityRows = try folder.checkedBytes(of: dataset.entityRows.file, in: name)
        let resolution = try self.resolution(of: dataset)
        let changes = try self.changes(since: dataset.inputs, of: resolution)
        guard changes.isEmpty || allowChangedInputs else {
            return RebuiltDataset(
                dataset: dataset,
                changedInputs: changes,
                trainingSet: nil,
                difference: nil
            )
        }
        let options = HistoricalFeaturesOptions(dataset.options)
        let rows: ResolvedEntityRows
        do {
            rows = try ResolvedEntityRows(
                text: entityRows,
                file: folder.path(of: dataset.entityRows.file.name, in: name),
                options: options
            )
        } catch {
            throw FeatureStoreError(error)
        }
        let set = try self.trainingSet(
            of: resolution,
            for: rows,
            options: options,
            began: began,
            progress: progress
        )
        return RebuiltDataset(
            dataset: dataset,
            changedInputs: changes,
            trainingSet: set,
            difference: set.file == dataset.trainingSet ? nil : set.difference(from: saved)
        )
    }

    /// What the features of a set mean by the definitions that it was made with.
    private func resolution(
        of dataset: SavedDataset
    ) throws(FeatureStoreError) -> FeatureResolution {
        let version = dataset.registryVersion
        let snapshot: DefinitionSnapshot
        do {
            snapshot = DefinitionSnapshot(
                try self.registry.snapshot(version: version),
                project: self.configuration.project,
                functions: self.functions
            )
        } catch {
            throw FeatureStoreError(
                code: .conflict,
                message: "the definitions of the saved dataset \"\(dataset.name)\" cannot be had: "
                    + error.message,
                cause: error
            )
        }
        let selection = FeatureSelection(dataset.features)
        let resolution = try FeatureResolution(
            selection,
            in: snapshot,
            fullFeatureNames: dataset.options.fullFeatureNames
        )
        let definitions = try self.definitions(
            of: resolution,
            selection,
            version: version,
            in: snapshot.repository
        )
        guard definitions == dataset.definitions else {
            let different = Set(definitions).symmetricDifference(dataset.definitions)
                .map { "\($0.kind) \"\($0.name)\"" }
            throw FeatureStoreError(
                code: .conflict,
                message: "version \(version) of the registry is not the one that the saved dataset "
                    + "\"\(dataset.name)\" was made with; it differs in "
                    + Set(different).sorted().joined(separator: ", ")
                    + ": was the registry made anew?"
            )
        }
        return resolution
    }
}

extension FeatureSelection {
    fileprivate init(_ features: SavedDataset.Features) {
        if let service = features.service {
            self = .service(service)
        } else {
            self = .features(features.references ?? [])
        }
    }
}

extension HistoricalFeaturesOptions {
    fileprivate init(_ options: SavedDataset.Options) {
        self.init()
        self.timestampField = options.timestampField
        self.fullFeatureNames = options.fullFeatureNames
        self.filterByCreatedTimestamp = options.filterByCreatedTimestamp
        self.strict = options.strict
    }
}

extension TrainingSet {
    /// The first line that is not the same, in both.
    fileprivate func difference(from saved: [UInt8]) -> String {
        let newline = UInt8(ascii: "\n")
        let made = TrainingSet.csv(of: self.table)
        let old = saved.split(separator: newline, omittingEmptySubsequences: false)
        let new = made.split(separator: newline, omittingEmptySubsequences: false)
        for index in 0..<max(old.count, new.count) {
            let before = index < old.count ? old[index] : nil
            let after = index < new.count ? new[index] : nil
            if before == after { continue }
            return "line \(index + 1): saved \(Self.shown(before)), now \(Self.shown(after))"
        }
        return "the bytes differ"
    }

    private static func shown(_ line: ArraySlice<UInt8>?) -> String {
        guard let line else { return "nothing" }
        let text = String(decoding: line, as: UTF8.self)
        return "\"\(text.count > 200 ? text.prefix(200) + "…" : text)\""
    }
}
