import FeatureModel
import FeatureRegistry

/// The definitions in force at one version of the registry.
///
/// An object, so that every read copies one reference.
final class DefinitionSnapshot: Sendable {
    /// What the registry has.
    let registry: RegistrySnapshot
    let project: String
    /// What on-demand features may be computed by, besides expressions.
    let functions: [String: OnDemandFunction]
    /// For each `view:feature` of an on-demand view, how many inputs are read to compute it.
    private let inputCounts: [String: Int]
    /// For each service, how many values of a row are read for it.
    private let serviceCellCounts: [String: Int]

    init(
        _ snapshot: RegistrySnapshot,
        project: String,
        functions: [String: OnDemandFunction]
    ) {
        self.registry = snapshot
        self.project = snapshot.project.isEmpty ? project : snapshot.project
        self.functions = functions
        let repository = snapshot.repository
        var inputCounts: [String: Int] = [:]
        for view in repository.onDemandFeatureViews {
            let scope = OnDemandScope(view, in: repository)
            for feature in view.features {
                let computed = try? ComputedFeature(
                    feature,
                    of: view,
                    scope: scope,
                    functions: functions
                )
                inputCounts["\(view.name):\(feature.name)"] = computed?.inputs.count ?? 0
            }
        }
        self.inputCounts = inputCounts
        var serviceCellCounts: [String: Int] = [:]
        for service in repository.featureServices {
            let references = service.features.flatMap { projection in
                (projection.features ?? snapshot.featureNames(of: projection)).map {
                    "\(projection.view):\($0)"
                }
            }
            serviceCellCounts[service.name] = references.cellCount(inputCounts: inputCounts)
        }
        self.serviceCellCounts = serviceCellCounts
    }

    /// How many values of a row are read for some features: themselves and, of those that are
    /// computed, what they are computed from.
    func cellCount(of references: [String]) -> Int {
        references.cellCount(inputCounts: self.inputCounts)
    }

    /// Whether some of the features that a selection stands for are computed.
    func computesFeatures(of selection: FeatureSelection) -> Bool {
        switch selection {
        case .features(let references):
            return !self.inputCounts.isEmpty
                && references.contains { self.inputCounts[$0] != nil }
        case .service(let name):
            return self.repository.featureService(name)?.features.contains {
                self.repository.onDemandFeatureView($0.view) != nil
            } ?? false
        }
    }

    /// How many values of a row are read for a service; 0 when there is none.
    func cellCount(ofService name: String) -> Int {
        self.serviceCellCounts[name] ?? 0
    }

    /// Which state of the registry this is.
    var state: RegistryState { self.registry.state }

    var repository: FeatureRepository { self.registry.repository }

    /// The registry's version; 0 when nothing was applied yet.
    var version: Int { self.state.version }

    /// Whether there is a feature view of that name, or that generation of it.
    func hasView(_ name: String) -> Bool {
        guard let reference = ViewReference(name) else { return false }
        return self.registry.generation(of: reference.view, version: reference.version) != nil
    }

    /// Whether there is a push source of that name.
    func hasPushSource(_ name: String) -> Bool {
        self.repository.dataSource(name)?.isPush ?? false
    }

    /// A feature view as a projection names it, with where its rows come from and its keys: the
    /// generation in force, or the one that is pinned.
    ///
    /// - Returns: `nil` when there is no such view, or no such generation of it.
    func feature(view projection: FeatureService.Projection) -> FeatureViewGeneration? {
        self.registry.generation(of: projection.view, version: projection.version)
    }

    /// What people call a generation: `view`, or `view@v1` when another one is in force.
    func name(of generation: FeatureViewGeneration) -> String {
        let name = generation.view.name
        return generation.number == self.registry.newestGeneration(of: name)
            ? name : generation.reference
    }

    /// All generations that are served, in the order of the views' definition: of each view those
    /// that services pin, oldest first, then the one in force.
    var liveGenerations: [LiveGeneration] {
        self.repository.featureViews.flatMap { view in
            self.registry.generations(of: view.name).map { generation in
                let isInForce = generation.number == self.registry.newestGeneration(of: view.name)
                return LiveGeneration(
                    generation: generation,
                    isInForce: isInForce,
                    services: isInForce
                        ? []
                        : self.registry.services(pinning: view.name, version: generation.number)
                )
            }
        }
    }

    /// All features of the view that a projection names.
    func featureNames(of projection: FeatureService.Projection) -> [String] {
        self.registry.featureNames(of: projection)
    }

    /// The end of a message about an unknown name.
    func wayOut(of name: String, among names: [String], noun: String) -> String {
        if self.version == 0 {
            return "nothing was applied yet: run `fstore apply`"
        }
        return suggestion(for: name, among: names, noun: noun)
    }
}

extension RegistrySnapshot {
    /// All features of the view that a projection names.
    fileprivate func featureNames(of projection: FeatureService.Projection) -> [String] {
        self.generation(of: projection.view, version: projection.version)?.view.schema.map(\.name)
            ?? self.repository.onDemandFeatureView(projection.view)?.features.map(\.name) ?? []
    }
}

extension [String] {
    /// How many values of a row are read for these features.
    fileprivate func cellCount(inputCounts: [String: Int]) -> Int {
        guard !inputCounts.isEmpty else { return self.count }
        return self.reduce(0) { $0 + 1 + (inputCounts[$1] ?? 0) }
    }
}

/// A generation that is served, in force or pinned.
struct LiveGeneration: Sendable {
    let generation: FeatureViewGeneration
    let isInForce: Bool
    /// The services that pin it, when it is not in force.
    let services: [String]

    /// What people call it: `view`, or `view@v1` when another one is in force.
    var name: String {
        self.isInForce ? self.generation.view.name : self.generation.reference
    }
}
