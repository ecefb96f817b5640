import FeatureModel
package import FeatureStoreKit

extension OnlineFeaturesRequest {
    /// How many entity rows the request has.
    package var rowCount: Int { self.entities.first?.values.count ?? 0 }

    /// How many values an answer has, when the selection stands for so many features.
    package func cellCount(features: Int) -> Int {
        max(1, self.rowCount) * max(1, features)
    }
}

extension ServerLimits {
    /// What is wrong with the shape of a request, in words for the client; `nil` when nothing is.
    package func problem(of request: OnlineFeaturesRequest) -> String? {
        if let first = request.entities.first,
            let other = request.entities.first(where: { $0.values.count != first.values.count })
        {
            return "All entity rows must have the same columns: \"\(first.name)\" has "
                + "\(countedNoun(first.values.count, "value")), but \"\(other.name)\" has "
                + "\(other.values.count)."
        }
        guard request.rowCount <= self.maximumEntityRows else {
            return "\(request.rowCount) entity rows are more than the limit of "
                + "\(self.maximumEntityRows); send them in several requests."
        }
        guard case .features(let references) = request.selection,
            references.count > self.maximumFeatures
        else { return nil }
        return "\(references.count) features are more than the limit of "
            + "\(self.maximumFeatures); send them in several requests."
    }

    /// What is wrong with the size of an answer, in words for the client; `nil` when nothing is.
    ///
    /// `features` is how many features the selection stands for.
    package func problem(of request: OnlineFeaturesRequest, features: Int) -> String? {
        guard request.cellCount(features: features) > self.maximumCells else { return nil }
        return "\(request.rowCount) entity rows times \(max(1, features)) features are more than "
            + "the limit of \(self.maximumCells) values; send them in several requests."
    }
}
