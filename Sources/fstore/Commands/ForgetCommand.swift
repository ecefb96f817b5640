import ArgumentParser
import FeatureStoreKit

struct ForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove all rows of an entity for good, and keep them from coming back.",
        discussion: """
            Every row whose key has the id goes, of all views: online rows, pushed rows, rejected \
            rows, saved datasets and caches; and the files are rewritten. From then on older rows \
            of the entity do not count, in loads, pushes and training sets; newer ones do. Sources \
            stay: those that have rows of it still are named. The receipt is kept in \
            forgotten.jsonl beside the registry, without the id.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        name: [.customShort("e"), .long],
        parsing: .singleValue,
        help: ArgumentHelp(
            "A join key and an id, such as user_id=42; repeat for more entities.",
            valueName: "key=value"
        )
    )
    var entity: [String] = []

    @Flag(help: "Only tell what would be removed.")
    var dryRun = false

    func validate() throws {
        guard !self.entity.isEmpty else {
            throw ValidationError("name what to forget, such as --entity user_id=42")
        }
        for entity in self.entity where !entity.unicodeScalars.contains("=") {
            throw ValidationError(
                "\"\(entity)\" is no key=value; write a join key and an id, such as "
                    + "--entity user_id=42"
            )
        }
    }

    func run() throws {
        let access = try self.global.access()
        let request = ForgetRequest(
            self.entity.map { entity in
                let parts = entity.unicodeScalars.split(
                    separator: "=",
                    maxSplits: 1,
                    omittingEmptySubsequences: false
                )
                return ForgetRequest.Entity(
                    joinKey: String(parts[0]),
                    id: .string(String(parts[1]))
                )
            },
            isDryRun: self.dryRun
        )
        let receipt = try reportingFailure { () throws(FeatureStoreError) in
            try access.forget(request)
        }
        if self.global.json {
            print(try jsonText(receipt))
        } else {
            self.tell(receipt)
        }
    }

    private func tell(_ receipt: ForgetReceipt) {
        let lines = receipt.removed(verb: receipt.isDryRun ? "would be removed" : "removed")
        if lines.isEmpty { print("Nothing of it is there.") }
        for line in lines { print(line) }
        for source in receipt.sources {
            print(
                "data source \(source.name) has \(counted(source.rows, "row")) of it still; they "
                    + "do not count, and to remove them is up to their owner"
            )
        }
        if !receipt.isDryRun {
            print("Forgotten at \(receipt.time); the receipt is in forgotten.jsonl.")
        }
    }
}

extension ForgetReceipt {
    /// What was removed, a line each.
    func removed(verb: String) -> [String] {
        var lines = self.online.map { view in
            (counted(view.rows, "online row"), "feature view \(view.name)")
        }
        if self.pushedRows > 0 { lines.append((counted(self.pushedRows, "pushed row"), "")) }
        if self.rejects > 0 { lines.append((counted(self.rejects, "rejected row"), "")) }
        if self.answers > 0 {
            lines.append((counted(self.answers, "answer"), "pushes with an idempotency key"))
        }
        lines += self.savedDatasets.map { (counted($0.rows, "row"), "saved dataset \($0.name)") }
        if self.caches > 0 { lines.append((counted(self.caches, "cache"), "sources")) }
        return lines.map { count, place in
            "\(verb): \(count)" + (place.isEmpty ? "" : " of \(place)")
        }
    }
}
