import FeatureModel

/// The report of a scan, to be kept in a file: what holds for the source whatever is wanted of it.
struct SavedReport: Codable, Sendable {
    struct Sample: Codable, Sendable {
        let place: String
        let column: String?
        let text: String
        let reason: String
    }

    let rowsRead: Int
    let bad: Int
    let nullKey: Int
    let nullTime: Int
    let samples: [Sample]
    let sawZonelessTime: Bool
    /// Absent in files of earlier releases.
    let sawDateWithoutDashes: Bool?

    /// - Parameters:
    ///   - report: The report.
    ///   - withSamples: Whether the texts of bad cells are kept.
    init(_ report: ScanReport, withSamples: Bool = true) {
        self.rowsRead = report.rowsRead
        self.bad = report.bad
        self.nullKey = report.nullKey
        self.nullTime = report.nullTime
        self.samples = (withSamples ? report.samples : []).map {
            Sample(place: $0.place, column: $0.column, text: $0.text, reason: $0.reason)
        }
        self.sawZonelessTime = report.sawZonelessTime
        self.sawDateWithoutDashes = report.sawDateWithoutDashes
    }

    /// The same as a report of a scan that has kept nothing yet.
    var scanReport: ScanReport {
        var report = ScanReport()
        report.rowsRead = self.rowsRead
        report.bad = self.bad
        report.nullKey = self.nullKey
        report.nullTime = self.nullTime
        report.samples = self.samples.map {
            ScanReport.Sample(
                place: $0.place,
                column: $0.column,
                text: $0.text,
                reason: $0.reason
            )
        }
        report.sawZonelessTime = self.sawZonelessTime
        report.sawDateWithoutDashes = self.sawDateWithoutDashes ?? false
        return report
    }
}
