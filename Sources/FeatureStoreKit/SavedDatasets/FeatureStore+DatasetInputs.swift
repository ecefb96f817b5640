import FeatureModel
import OfflineStores

/// What a training set is read from, as a list of named things with a size and a hash.
///
/// A new kind of history takes part by adding what it reads to ``datasetInputs(of:)`` and to
/// ``changes(since:of:)``; nothing else knows what inputs are.
extension FeatureStore {
    /// All inputs of a selection, as they are now.
    func datasetInputs(
        of resolution: FeatureResolution
    ) throws(FeatureStoreError) -> [SavedDataset.Input] {
        do {
            var inputs: [SavedDataset.Input] = []
            for (source, pushSources) in resolution.differentSources {
                for input in try self.inputs(of: source, pushSources) {
                    let measure = try self.measure(input)
                    inputs.append(
                        SavedDataset.Input(
                            input,
                            of: source,
                            size: measure.size,
                            hash: measure.hashText
                        )
                    )
                }
            }
            return inputs
        } catch {
            throw FeatureStoreError(error)
        }
    }

    /// How the inputs of a selection differ from what they were.
    func changes(
        since saved: [SavedDataset.Input],
        of resolution: FeatureResolution
    ) throws(FeatureStoreError) -> [InputChange] {
        do {
            var changes: [InputChange] = []
            for (source, pushSources) in resolution.differentSources {
                let before = saved.filter { $0.source == source.name }
                let now =
                    try Self.ifThere { () throws(OfflineStoreError) in
                        try self.inputs(of: source, pushSources)
                    } ?? []
                for input in before {
                    let present = now.first { input.isSameThing(as: $0) }
                    let change = try self.change(of: input, present)
                    if let change { changes.append(change) }
                }
                for input in now where !before.contains(where: { $0.isSameThing(as: input) }) {
                    let measure = try self.measure(input)
                    changes.append(
                        InputChange(
                            input: SavedDataset.Input(
                                input,
                                of: source,
                                size: measure.size,
                                hash: measure.hashText
                            ),
                            kind: .appeared,
                            size: measure.size
                        )
                    )
                }
            }
            return changes
        } catch {
            throw FeatureStoreError(error)
        }
    }

    /// What a source reads, and the rows that were pushed on top of it.
    private func inputs(
        of source: DataSource,
        _ pushSources: [String]
    ) throws(OfflineStoreError) -> [SourceInput] {
        try self.sources.inputs(of: source)
            + [self.sources.pushedInput(of: pushSources)].compactMap { $0 }
    }

    private func change(
        of input: SavedDataset.Input,
        _ present: SourceInput?
    ) throws(OfflineStoreError) -> InputChange? {
        guard let present,
            let measure = try Self.ifThere({ () throws(OfflineStoreError) in
                try self.measure(present, prefixSize: input.size)
            })
        else { return InputChange(input: input, kind: .gone, size: 0) }
        if measure.size == input.size, measure.hashText == input.sha256 { return nil }
        let grew = measure.size > input.size && measure.prefixHash == input.sha256
        return InputChange(input: input, kind: grew ? .grew : .changed, size: measure.size)
    }

    func measure(
        _ input: SourceInput,
        prefixSize: Int? = nil
    ) throws(OfflineStoreError) -> ContentMeasure {
        var measure = ContentMeasure(prefixSize: prefixSize)
        try self.sources.readContent(of: input) { measure.add($0, size: $1) }
        return measure
    }

    /// What `body` returns; `nil` when what it reads is not there.
    private static func ifThere<Result>(
        _ body: () throws(OfflineStoreError) -> Result
    ) throws(OfflineStoreError) -> Result? {
        do {
            return try body()
        } catch {
            if error.code == .missingFile || error.code == .missingTable { return nil }
            throw error
        }
    }
}

extension FeatureResolution {
    /// The sources of all views, each once, in order of first mention, with the push sources that
    /// add rows for any of the views.
    fileprivate var differentSources: [(source: DataSource, pushSources: [String])] {
        var sources: [(source: DataSource, pushSources: [String])] = []
        for view in self.views {
            let added = view.generation.pushSources
            if let index = sources.firstIndex(where: { $0.source.name == view.source.name }) {
                let known = sources[index].pushSources
                sources[index].pushSources += added.filter { !known.contains($0) }
            } else {
                sources.append((view.source, added))
            }
        }
        return sources
    }
}

extension SavedDataset.Input {
    fileprivate init(_ input: SourceInput, of source: DataSource, size: Int, hash: String) {
        self.init(
            source: source.name,
            kind: Kind(input.kind),
            path: input.path,
            relation: input.relation,
            size: size,
            sha256: hash
        )
    }

    fileprivate func isSameThing(as other: SourceInput) -> Bool {
        self.kind == Kind(other.kind) && self.path == other.path && self.relation == other.relation
    }
}

extension SavedDataset.Input.Kind {
    fileprivate init(_ kind: SourceInput.Kind) {
        switch kind {
        case .file: self = .file
        case .table: self = .table
        case .query: self = .query
        }
    }
}
