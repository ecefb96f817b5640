/// Several mistakes of one request, told at once.
struct Problems {
    /// More are counted and not told: a message costs more than a look-up.
    private static let maximumTold = 20

    private var lines: [String] = []
    private var code: FeatureStoreError.Code?
    /// What was complained about already.
    private var subjects: Set<String> = []
    private var untold = 0

    /// Adds a mistake.
    ///
    /// The first one's code is the error's.
    ///
    /// - Parameters:
    ///   - code: What a caller can act on.
    ///   - subject: What is wrong; the same thing is told once, and its message is made once.
    ///   - message: What to tell.
    mutating func add(
        _ code: FeatureStoreError.Code,
        about subject: String,
        _ message: @autoclosure () -> String
    ) {
        guard self.subjects.insert(subject).inserted else { return }
        if self.code == nil {
            self.code = code
        }
        if self.lines.count < Self.maximumTold {
            self.lines.append(message())
        } else {
            self.untold += 1
        }
    }

    /// Throws what was added, if anything was.
    func check() throws(FeatureStoreError) {
        guard let code = self.code else { return }
        let more = self.untold > 0 ? ["… and \(self.untold) more"] : []
        throw FeatureStoreError(code: code, message: (self.lines + more).joined(separator: "\n"))
    }
}
