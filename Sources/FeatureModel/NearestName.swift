/// The known names nearest to a misspelt one: at most three, nearest first.
///
/// Near means at most a third of the letters (and at least one) inserted, deleted, replaced or
/// swapped with a neighbour, whatever their case; or the one name containing the other.
package func nearestNames(to name: String, among candidates: [String]) -> [String] {
    // Nobody misspells a name of that length by some letters, and the distance costs its square.
    guard name.utf8.count <= 128 else { return [] }
    let wanted = Array(name.lowercased().unicodeScalars)
    let limit = max(1, wanted.count / 3)
    var scored: [(distance: Int, name: String)] = []
    for candidate in candidates {
        let scalars = Array(candidate.lowercased().unicodeScalars)
        // So far apart that no letter need be looked at.
        let isNear = abs(wanted.count - scalars.count) <= limit
        let distance = isNear ? editDistance(wanted, scalars) : limit + 1
        if distance <= limit {
            scored.append((distance, candidate))
        } else if wanted.count >= 3, candidate.lowercased().contains(name.lowercased()) {
            scored.append((limit + 1, candidate))
        }
    }
    scored.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return scored.prefix(3).map(\.name)
}

/// The way out for an unknown name: `did you mean "a" or "b"?`, or the names that there are.
package func suggestion(for name: String, among candidates: [String], noun: String) -> String {
    let near = nearestNames(to: name, among: candidates)
    if !near.isEmpty {
        return "did you mean " + near.map { "\"\($0)\"" }.joined(separator: " or ") + "?"
    }
    guard !candidates.isEmpty else { return "there is no \(noun) at all" }
    let shown = candidates.sorted().prefix(10).joined(separator: ", ")
    return "the \(noun)s are: \(shown)" + (candidates.count > 10 ? ", …" : "")
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other
/// (the optimal string alignment distance).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        current.reserveCapacity(right.count + 1)
        for column in right.indices {
            var best = min(previous[column + 1], current[column]) + 1
            best = min(best, previous[column] + (left[row] == right[column] ? 0 : 1))
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                best = min(best, beforePrevious[column - 1] + 1)
            }
            current.append(best)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[right.count]
}
