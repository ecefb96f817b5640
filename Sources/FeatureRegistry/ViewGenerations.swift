public import FeatureModel

/// Which generation of each feature view is in force, and which earlier ones services pin.
public struct ViewGenerations: Hashable, Sendable {
    /// The greatest number of each name that ever was a view's; for a view that is defined, it is
    /// the number in force.
    public internal(set) var newest: [String: Int]
    /// The earlier generations that feature services pin, by the view's name, then by number.
    public internal(set) var held: [FeatureViewGeneration]

    /// Generations; by default those of a registry to which nothing was applied yet.
    public init(newest: [String: Int] = [:], held: [FeatureViewGeneration] = []) {
        self.newest = newest
        self.held = held.inOrder
    }

    /// The earlier generations of a view that services pin, by number.
    public func held(of view: String) -> [FeatureViewGeneration] {
        self.held.filter { $0.view.name == view }
    }
}

extension [FeatureViewGeneration] {
    /// The generations by the view's name, then by number.
    var inOrder: [FeatureViewGeneration] {
        self.sorted { left, right in
            left.view.name == right.view.name
                ? left.number < right.number
                : left.view.name.utf8.lexicographicallyPrecedes(right.view.name.utf8)
        }
    }
}

extension RegistrySnapshot {
    /// The greatest number of the generations that views of a name ever had: of a view that is
    /// defined the one in force.
    public func newestGeneration(of view: String) -> Int {
        max(self.generations.newest[view] ?? 1, 1)
    }

    /// The generation of a view that is in force.
    ///
    /// - Returns: `nil` when there is no such view, or its source is not defined.
    public func generationInForce(of view: String) -> FeatureViewGeneration? {
        guard let definition = self.repository.featureView(view) else { return nil }
        return self.repository.generation(
            of: definition,
            number: self.newestGeneration(of: view)
        )
    }

    /// The generations of a view that are served: those that services pin, then the one in force.
    public func generations(of view: String) -> [FeatureViewGeneration] {
        self.generations.held(of: view)
            + [self.generationInForce(of: view)].compactMap { $0 }
    }

    /// One generation of a view.
    ///
    /// - Parameters:
    ///   - view: The view's name.
    ///   - version: The number; `nil` for the generation in force.
    /// - Returns: `nil` when there is none that is in force or pinned.
    public func generation(of view: String, version: Int?) -> FeatureViewGeneration? {
        guard let version else { return self.generationInForce(of: view) }
        return self.generations(of: view).first { $0.number == version }
    }

    /// The feature services that pin a generation, in order.
    public func services(pinning view: String, version: Int) -> [String] {
        self.repository.services(pinning: view, version: version)
    }
}

extension FeatureRepository {
    /// The services that pin a generation of a view, in order.
    func services(pinning view: String, version: Int) -> [String] {
        self.featureServices
            .filter { $0.features.contains { $0.view == view && $0.version == version } }
            .map(\.name)
    }

    /// A view with all that its rows depend on; `nil` when its source is not defined.
    func generation(of view: FeatureView, number: Int) -> FeatureViewGeneration? {
        guard let source = self.rowSource(of: view) else { return nil }
        return FeatureViewGeneration(
            number: number,
            view: view,
            source: source,
            pushSources: self.pushSources(of: view).map(\.name),
            joinKeys: self.joinKeys(of: view)
        )
    }
}
