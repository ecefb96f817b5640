import FeatureModel
import FeatureStoreKit
import Foundation
import Synchronization

/// A clock that only moves when a test moves it.
final class TestClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ time: Timestamp) {
        self.time = Mutex(time)
    }

    var now: Timestamp {
        get { self.time.withLock { $0 } }
        set { self.time.withLock { $0 = newValue } }
    }
}

/// The start of all test times, 2023-11-14T22:13:20Z; a test time is so many seconds later.
let testStart: Int64 = 1_700_000_000_000_000

func second(_ seconds: Int64) -> Timestamp {
    Timestamp(microseconds: testStart + seconds * 1_000_000)
}

/// A value as text that tells apart what `==` does not: NaNs, and the sign of a zero.
func exactText(_ value: Value) -> String {
    switch value {
    case .float(let float) where float.isNaN: "NaN"
    case .float(let float): "float \(float.bitPattern)"
    case .string(let text): "string \(Array(text.utf8))"
    default: "\(value)"
    }
}
