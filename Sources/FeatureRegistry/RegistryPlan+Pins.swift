package import FeatureModel

extension RegistryPlan {
    /// What is wrong with the generations that services pin, which only the registry can tell.
    ///
    /// - Parameter locations: Where the parts of the target are written.
    /// - Returns: The problems in the order of their places; none when every pinned generation is
    ///   in force or held after the plan, and has the features and keys that its services name.
    package func pinProblems(locations: DefinitionLocations) -> [Diagnostic] {
        let after = RegistrySnapshot(
            repository: self.target,
            generations: self.generations
        )
        var problems: [Diagnostic] = []
        for service in self.target.featureServices {
            for (index, projection) in service.features.enumerated() {
                guard let version = projection.version,
                    self.target.featureView(projection.view) != nil
                else { continue }
                func report(_ part: String, _ message: String, fix: String) {
                    let place = locations.location(of: .featureService, service.name, part: part)
                    problems.append(
                        Diagnostic(
                            message: "feature service \"\(service.name)\" \(message)",
                            fix: fix,
                            location: place
                        )
                    )
                }
                let part = "features.\(index)"
                guard let pinned = after.generation(of: projection.view, version: version) else {
                    report(
                        part,
                        "pins generation \(version) of feature view \"\(projection.view)\", "
                            + "which it does not have",
                        fix: after.wayOut(ofGenerationOf: projection.view, version: version)
                    )
                    continue
                }
                let names = pinned.view.schema.map(\.name)
                for (position, feature) in (projection.features ?? []).enumerated()
                where !names.contains(feature) {
                    report(
                        "\(part).\(position)",
                        "names a feature \"\(feature)\", which \"\(projection.reference)\" does "
                            + "not have",
                        fix: suggestion(for: feature, among: names, noun: "feature")
                    )
                }
                let keys = pinned.joinKeys.map(\.name)
                for key in projection.joinKeyMap.keys.sorted() where !keys.contains(key) {
                    report(
                        "\(part).join_key_map.\(key)",
                        "maps \"\(key)\", which is no join key of \"\(projection.reference)\"",
                        fix: keys.isEmpty
                            ? "it has none; remove the map"
                            : suggestion(for: key, among: keys, noun: "join key")
                    )
                }
            }
        }
        return problems.sortedByPlace()
    }
}

extension RegistrySnapshot {
    /// The way out for a generation that a view does not have: those that it has.
    ///
    /// - Parameters:
    ///   - view: The name of a view that is defined.
    ///   - version: A number that is neither in force nor held.
    /// - Returns: `generation 3 is in force, and 1 is pinned; …`.
    package func wayOut(ofGenerationOf view: String, version: Int) -> String {
        let current = self.newestGeneration(of: view)
        let held = self.generations.held(of: view).map { String($0.number) }
        var text = "generation \(current) is in force"
        if !held.isEmpty {
            let verb = held.count == 1 ? "is" : "are"
            text += ", and \(held.joined(separator: ", ")) \(verb) pinned"
        }
        if version < current, version > 0 {
            text += "; generation \(version) is gone, because no feature service pinned it"
        }
        return text
    }
}
