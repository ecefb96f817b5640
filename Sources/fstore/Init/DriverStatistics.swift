import FeatureStoreKit

/// Feast's familiar sample: hourly statistics of five drivers over fifteen days.
struct DriverStatistics {
    /// The newest hour ends at or before this time.
    let end: Timestamp

    private static let drivers = 1001...1005
    private static let hours = 15 * 24

    static let definitions = """
        entities:
          - name: driver
            join_keys: [driver_id]
            value_type: int64
            description: a driver

        data_sources:
          - name: driver_hourly_stats_source
            type: csv
            path: data/driver_stats.csv
            timestamp_field: event_timestamp
            created_timestamp_column: created

        feature_views:
          - name: driver_hourly_stats
            entities: [driver]
            ttl: 1d
            schema:
              - { name: conv_rate, dtype: float32, description: rides per request }
              - { name: acc_rate, dtype: float32, description: accepted requests }
              - { name: avg_daily_trips, dtype: int64, description: trips a day }
            source: driver_hourly_stats_source

        feature_services:
          - name: driver_activity_v1
            features:
              - driver_hourly_stats: [conv_rate, avg_daily_trips]

        """

    /// The history as CSV, oldest hour first.
    var history: String {
        var text = "event_timestamp,driver_id,conv_rate,acc_rate,avg_daily_trips,created\n"
        var random = SampleNumbers()
        for hour in (0..<Self.hours).reversed() {
            for driver in Self.drivers {
                let time = self.hour(before: hour)
                let created = Timestamp(microseconds: time.microseconds + 120_000_000)
                text += "\(time),\(driver),\(random.fraction()),\(random.fraction()),"
                text += "\(random.next(below: 1000)),\(created)\n"
            }
        }
        return text
    }

    /// Entity rows with a label, as CSV: times within the history.
    var entityRows: String {
        var text = "driver_id,event_timestamp,label_driver_reported_satisfaction\n"
        for (index, driver) in Self.drivers.enumerated() {
            let time = self.hour(before: 12 * index)
            text += "\(driver),\(Timestamp(microseconds: time.microseconds + 1_800_000_000)),"
            text += "\(index % 5 + 1)\n"
        }
        return text
    }

    /// The full hour that lies that many hours before the newest one; the newest is old enough for
    /// its row to have been created.
    private func hour(before count: Int) -> Timestamp {
        let microsecondsPerHour: Int64 = 3_600_000_000
        let newest = (self.end.microseconds - microsecondsPerHour) / microsecondsPerHour
        return Timestamp(microseconds: (newest - Int64(count)) * microsecondsPerHour)
    }
}

/// Numbers that look random and are the same every time.
private struct SampleNumbers {
    private var state: UInt64 = 42

    mutating func next(below bound: UInt64) -> UInt64 {
        // Knuth's MMIX constants; the high bits are the good ones.
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (self.state >> 33) % bound
    }

    /// A number from 0 to 0.9999 with four digits.
    mutating func fraction() -> String {
        let digits = String(self.next(below: 10_000))
        return "0." + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
