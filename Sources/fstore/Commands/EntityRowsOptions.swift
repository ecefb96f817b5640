import ArgumentParser
import FeatureModel
import FeatureStoreKit

/// Where the entity rows of a training set come from.
struct EntityRowsOptions: ParsableArguments {
    @Option(
        name: [.customShort("d"), .long],
        help: ArgumentHelp(
            "The entity rows: a CSV file, or - for standard input.",
            valueName: "file"
        )
    )
    var entityDf: String?

    @Option(
        help: ArgumentHelp(
            "Without an entity file: keys with rows from this time on; by default from the "
                + "beginning.",
            valueName: "time"
        )
    )
    var startDate: Timestamp?

    @Option(
        help: ArgumentHelp(
            "Without an entity file: the time of each key's row, and the last whose keys count, "
                + "such as 2026-01-10T12:00:00Z; by default now.",
            valueName: "time"
        )
    )
    var endDate: Timestamp?

    @Option(
        help: ArgumentHelp(
            "Each key at --start-date and every so often up to --end-date: 1d, 6h, 15m.",
            valueName: "duration"
        ),
        transform: parseDuration
    )
    var every: Int64?

    @Option(help: ArgumentHelp("The most rows that may be made of keys.", valueName: "count"))
    var maxRows = HistoricalFeaturesOptions().maximumGeneratedRows

    @Option(help: ArgumentHelp("The column of the entity rows' times.", valueName: "column"))
    var timestampField = "event_timestamp"

    func validate() throws {
        let hasDates = self.startDate != nil || self.endDate != nil
        if self.entityDf != nil, hasDates || self.every != nil {
            throw ValidationError(
                "Cannot specify both --entity-df and --start-date/--end-date/--every; give the "
                    + "entity rows, or the dates for all keys"
            )
        }
        if self.entityDf == nil, !hasDates {
            throw ValidationError(
                "give the entity rows with --entity-df <file>, or --end-date <time> for all keys "
                    + "at that time"
            )
        }
        if self.every != nil, self.startDate == nil {
            throw ValidationError("--every counts from --start-date; give one")
        }
        if self.maxRows < 1 {
            throw ValidationError("--max-rows is \(self.maxRows); give at least 1")
        }
    }

    /// What was asked for.
    var input: EntityRowsInput {
        switch self.entityDf {
        case "-": .standardInput
        case let file?: .file(file)
        case nil:
            .keys(from: self.startDate, to: self.endDate, everyMicroseconds: self.every)
        }
    }
}

/// The duration in microseconds.
private func parseDuration(_ text: String) throws -> Int64 {
    guard let duration = DurationText.microseconds(text), duration > 0 else {
        throw ValidationError(
            "\"\(text)\" is no duration; write it as 90s, 15m, 6h, 1d or 2w"
        )
    }
    return duration
}
