import FeatureModel
import Foundation
import TestSupport
import Testing

@testable import OnlineStores

@Suite struct CatalogueTests {
    /// The catalogue changes now and then; its bytes are what an encoder makes of the whole.
    @Test func theBytesAreTheJSONOfEverything() throws {
        var random = SeededGenerator(seed: 1)
        var catalogue = Catalogue(project: "p", nextViewID: 1, garbage: [], views: [])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        for _ in 0..<300 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                let names = ["a", "\"b\"]}", "é", "views"]
                let description = ratings(name: names.randomElement(using: &random) ?? "")
                catalogue.views.append(StoredView(description, viewID: catalogue.nextViewID))
                catalogue.nextViewID += 1
            case 1 where !catalogue.views.isEmpty:
                let index = Int.random(in: 0..<catalogue.views.count, using: &random)
                let name = "f\(Int.random(in: 0..<3, using: &random))"
                _ = catalogue.views[index].addSchema(fields: [RowField(name: name, type: .int64)])
            case 2 where !catalogue.views.isEmpty:
                let index = Int.random(in: 0..<catalogue.views.count, using: &random)
                catalogue.views[index].loadRecord =
                    Bool.random(using: &random)
                    ? record(end: Int64.random(in: 0..<3, using: &random)) : nil
            case 3 where !catalogue.views.isEmpty:
                catalogue.garbage.append(catalogue.views.removeFirst().viewID)
            case 4:
                // As after a restart.
                catalogue = try Catalogue(bytes: catalogue.encoded(), project: "p")
            default:
                break
            }
            #expect(try catalogue.encoded() == Array(encoder.encode(catalogue)))
        }
    }
}
