/// Where each part of a repository was written, so that a problem found later can name its place.
///
/// A part is named by a path such as `("featureView", "weather", "schema.temp.dtype")`. A path that
/// was not recorded has the place of the nearest recorded one above it.
public struct DefinitionLocations: Hashable, Sendable {
    private struct Key: Hashable {
        var kind: DefinitionKind
        var name: String
        var part: String
    }

    private var places: [Key: SourceLocation] = [:]

    /// No places.
    public init() {}

    /// Records the place of a part.
    ///
    /// An empty part is the object itself; the first record stays.
    public mutating func record(
        _ location: SourceLocation,
        of kind: DefinitionKind,
        _ name: String,
        part: String = ""
    ) {
        let key = Key(kind: kind, name: name, part: part)
        if self.places[key] == nil {
            self.places[key] = location
        }
    }

    /// The place of a part, or of the nearest recorded part above it.
    public func location(
        of kind: DefinitionKind,
        _ name: String,
        part: String = ""
    ) -> SourceLocation? {
        var part = part
        while true {
            if let place = self.places[Key(kind: kind, name: name, part: part)] {
                return place
            }
            guard !part.isEmpty else { return nil }
            if let dot = part.lastIndex(of: ".") {
                part = String(part[..<dot])
            } else {
                part = ""
            }
        }
    }
}
