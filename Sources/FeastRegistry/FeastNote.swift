/// One thing that a registry could not carry over as it is: what, why, and what to do about it.
package struct FeastNote: Hashable, Codable, Sendable, CustomStringConvertible {
    /// What the note is about: `feature view "drivers"`.
    package var subject: String
    /// What became of it, and why.
    package var problem: String
    /// What to do; empty when nothing is to be done.
    package var advice: String

    package init(_ subject: String, _ problem: String, advice: String = "") {
        self.subject = subject
        self.problem = problem
        self.advice = advice
    }

    /// One line for people.
    package var description: String {
        "\(self.subject): \(self.problem)" + (self.advice.isEmpty ? "" : "; \(self.advice)")
    }
}
