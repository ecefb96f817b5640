/// A count and its noun, for messages: `1 row`, `1200 rows`.
///
/// - Parameters:
///   - count: How many.
///   - noun: The noun for one, of which more take an "s".
/// - Returns: The digits, without marks between thousands, and the noun.
package func countedNoun(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)" + (count == 1 ? "" : "s")
}
