import ArgumentParser
import FeatureStoreKit

struct GetOnlineFeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-online-features",
        abstract: "Read the newest values from the online store.",
        discussion: """
            Repeat -e for more entity rows (-e driver_id=1001 -e driver_id=1002), and give each \
            key of a composite key: row n has the n-th value of every key. Thousands of rows are \
            for `fstore serve`.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var features: FeatureOptions

    @Option(
        name: [.customShort("e"), .long],
        parsing: .singleValue,
        help: ArgumentHelp(
            "An id of a join key, or request data; repeat for more rows.",
            valueName: "key=value"
        )
    )
    var entities: [String] = []

    @Flag(help: "One line per value, with its status, event time and age.")
    var explain = false

    func validate() throws {
        // By code points: a value may begin with an accent that combines with the "=".
        for entity in self.entities
        where !entity.unicodeScalars.contains("=") || entity.unicodeScalars.first == "=" {
            throw ValidationError(
                "\"\(entity)\" is no key=value; "
                    + "write a join key and an id, such as -e driver_id=1001"
            )
        }
    }

    func run() throws {
        var columns: [OnlineFeaturesRequest.EntityColumn] = []
        for entity in self.entities {
            let parts = entity.unicodeScalars.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = String(parts[0])
            let value = Value.string(String(parts[1]))
            if let index = columns.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
                columns[index].values.append(value)
            } else {
                columns.append(.init(name: name, values: [value]))
            }
        }
        let request = OnlineFeaturesRequest(
            selection: self.features.selection,
            entities: columns,
            fullFeatureNames: self.features.fullFeatureNames
        )
        let access = try self.global.access()
        let body = try reportingFailure { () throws(FeatureStoreError) in
            try access.onlineFeatures(request)
        }
        if self.global.json {
            print(String(decoding: body, as: UTF8.self))
            return
        }
        let answer = try OnlineAnswer(body: body)
        print(self.explain ? answer.explanation(now: Timestamp.now()) : answer.table)
    }
}
