import FeatureStoreKit
import Testing

@testable import fstore

@Suite struct RequestBodyTests {
    @Test("The body of a read keeps the order of its keys, and text letter for letter")
    func order() {
        let request = OnlineFeaturesRequest(
            selection: .features(["v:b", "v:a"]),
            entities: [
                .init(name: "zone", values: ["e\u{301}", "\u{E9}"]),
                .init(name: "area", values: ["say \"hi\"/", .null]),
            ]
        )

        let body = String(decoding: request.jsonBody(), as: UTF8.self)

        let expected = #"""
            {"features":["v:b","v:a"],"entities":{"zone":["\#u{65}\#u{301}","\#u{E9}"],\#
            "area":["say \"hi\"/",null]},"full_feature_names":false}
            """#
        #expect(Array(body.utf8) == Array(expected.utf8))
    }

    @Test("A service is asked for by its name")
    func service() {
        let request = OnlineFeaturesRequest(
            selection: .service("s"),
            entities: [.init(name: "id", values: ["1"])],
            fullFeatureNames: true
        )

        let body = String(decoding: request.jsonBody(), as: UTF8.self)

        let expected = #"""
            {"feature_service":"s","entities":{"id":["1"]},"full_feature_names":true}
            """#
        #expect(body == expected)
    }
}
