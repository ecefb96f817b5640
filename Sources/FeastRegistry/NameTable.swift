import FeatureModel

/// The names that objects or columns of a Feast registry have here.
///
/// A name that the rules allow stays. Another one has `_` where the rules forbid something, and a
/// number after it when that is a name already.
struct NameTable {
    /// What the names are names of, for the rules.
    enum Rule {
        /// Anything that references name.
        case plain
        /// A feature view, or an alias of one: part of full feature names, whatever its case.
        case view
    }

    private let rule: Rule
    private var names: [String: String] = [:]
    private var taken: Set<String> = []

    /// A table for all names of a kind, of which each may occur more than once.
    init(_ originals: [String], rule: Rule) {
        self.rule = rule
        for name in originals where Self.allowed(name, rule) == name {
            // Of two views whose names differ in case alone, the second is renamed below.
            if self.taken.insert(self.folded(name)).inserted {
                self.names[name] = name
            }
        }
        for name in originals where self.names[name] == nil {
            self.add(name)
        }
    }

    /// The name here of one that the table was made for; else what it would become.
    subscript(original: String) -> String {
        self.names[original] ?? Self.allowed(original, self.rule)
    }

    /// The name here, where the table was made for it; else the same.
    func known(_ original: String) -> String {
        self.names[original] ?? original
    }

    /// The names that are others here, with those, in the order of the alphabet.
    var changes: [(original: String, name: String)] {
        self.names.filter { $0.key != $0.value }.sorted { $0.key < $1.key }
            .map { (original: $0.key, name: $0.value) }
    }

    private mutating func add(_ original: String) {
        let base = Self.allowed(original, self.rule)
        var candidate = base
        var number = 2
        while !self.taken.insert(self.folded(candidate)).inserted {
            candidate = "\(base)_\(number)"
            number += 1
        }
        self.names[original] = candidate
    }

    private func folded(_ name: String) -> String {
        self.rule == .view ? name.lowercased() : name
    }

    /// The name with `_` for what may not be in it.
    static func allowed(_ name: String, _ rule: Rule) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            let isForbidden =
                [":", "@", ","].contains(scalar) || scalar.properties.generalCategory == .control
            let next: Unicode.Scalar = isForbidden ? "_" : scalar
            if rule == .view, next == "_", scalars.last == "_" { continue }
            scalars.append(next)
        }
        while rule == .view, scalars.last == "_" {
            scalars.removeLast()
        }
        return scalars.isEmpty ? "unnamed" : String(scalars)
    }
}
