import FeatureModel

/// What reading the files of one repository has found so far: definitions, places and problems.
final class DefinitionCollector {
    var repository = FeatureRepository()
    var locations = DefinitionLocations()
    var diagnostics: [Diagnostic] = []
    var unreadable = UnreadableParts()
    /// Views that have no `schema`, which is no mistake of their own.
    var viewsWithoutSchema: Set<String> = []
    private var counts: [DefinitionOwner: Int] = [:]

    /// Registers an object by name and place.
    ///
    /// - Returns: Whether it is the first of its name; only the parts of the first have places.
    func begin(_ owner: DefinitionOwner, at place: SourceLocation) -> Bool {
        let count = self.counts[owner, default: 0]
        self.counts[owner] = count + 1
        let part = count == 0 ? "" : "duplicate.\(count)"
        self.locations.record(place, of: owner.kind, owner.name, part: part)
        return count == 0
    }

    func report(_ message: String, fix: String?, at place: SourceLocation) {
        self.diagnostics.append(Diagnostic(message: message, fix: fix, location: place))
    }
}

/// The object that a map of a definition file belongs to.
struct DefinitionOwner: Hashable {
    var kind: DefinitionKind
    var name: String
}
