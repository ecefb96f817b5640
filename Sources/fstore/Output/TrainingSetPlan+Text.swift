import FeatureModel
import FeatureStoreKit

extension TrainingSetPlan {
    /// The lines before a run.
    var text: String {
        var size = "about \(SizeText.text(bytes: self.bytes))"
        if let limit = self.memoryLimit { size += " of at most \(SizeText.text(bytes: limit))" }
        if self.parts > 1 { size += ", in \(grouped(self.parts)) parts" }
        var lines = ["plan: \(counted(self.rows, "entity row")), \(size)"]
        for view in self.views {
            lines.append("\(view.name): \(view.path) of \(view.source)")
            lines.append("  why: \(view.reason)")
            lines.append(
                "  \(counted(view.keys, "key")), \(counted(view.slots, "slot")) (key and time), "
                    + "\(view.windowText)\(counted(view.features, "feature"))"
            )
            if !view.readWith.isEmpty {
                lines.append("  in one scan with \(view.readWith.joined(separator: ", "))")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The lines after it.
    var runText: String {
        self.views.map { view in
            "\(view.name): \(counted(view.rowsRead ?? 0, "row")) read, "
                + "\(grouped(view.rowsKept ?? 0)) kept, \(secondsText(view.seconds ?? 0))"
        }.joined(separator: "\n")
    }
}

extension TrainingSetPlan.View {
    fileprivate var windowText: String {
        guard let to = self.to else { return "" }
        return "event times from \(self.from ?? "the beginning") to \(to), "
    }
}
