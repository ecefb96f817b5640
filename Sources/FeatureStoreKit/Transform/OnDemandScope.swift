import FeatureModel

/// The values that the features of an on-demand view may be computed from, by name.
struct OnDemandScope: Sendable {
    /// One value: a feature of a feature view, or a field of a request source.
    struct Input: Hashable, Sendable {
        /// The name of the feature view or request source.
        let source: String
        let field: Field
        /// Whether it comes with the request.
        let isRequest: Bool

        /// The name that no other input has: `source__field`.
        var fullName: String { "\(self.source)__\(self.field.name)" }
    }

    /// All inputs, in the order of the sources and their schemas.
    let inputs: [Input]
    private var byName: [String: [Input]] = [:]

    /// The inputs of a view; sources that the repository does not define have none.
    init(_ view: OnDemandFeatureView, in repository: FeatureRepository) {
        self.inputs = view.sources.flatMap { source -> [Input] in
            if let fields = repository.dataSource(source)?.requestSchema {
                return fields.map { Input(source: source, field: $0, isRequest: true) }
            }
            return (repository.featureView(source)?.schema ?? []).map {
                Input(source: source, field: $0, isRequest: false)
            }
        }
        for input in self.inputs {
            self.byName[input.field.name, default: []].append(input)
        }
        // A full name is the way out of every ambiguity, so nothing else may have it.
        for input in self.inputs {
            self.byName[input.fullName] = [input]
        }
    }

    /// The input with that name: `field` when only one source has it, and always `source__field`.
    ///
    /// - Throws: Why there is none, or which there are.
    func input(named name: String) throws(OnDemandError) -> Input {
        let found = self.byName[name] ?? []
        if let only = found.first, found.count == 1 { return only }
        guard !found.isEmpty else {
            throw OnDemandError(
                "uses an unknown name \"\(name)\"",
                fix: suggestion(for: name, among: Array(self.byName.keys), noun: "name")
            )
        }
        let sources = found.map { "\"\($0.source)\"" }.joined(separator: " and ")
        let names = found.map(\.fullName).joined(separator: " or ")
        throw OnDemandError(
            "uses the name \"\(name)\", which \(sources) have",
            fix: "write \(names)"
        )
    }
}

/// Why a feature cannot be computed.
struct OnDemandError: Error, Hashable, Sendable {
    /// What is wrong, after the name of the feature: `uses an unknown name "rate"`.
    let message: String
    /// How to mend it.
    let fix: String

    init(_ message: String, fix: String) {
        self.message = message
        self.fix = fix
    }
}
