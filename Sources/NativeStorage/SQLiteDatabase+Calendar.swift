import CSQLite

/// A part of a time that an expression may ask for, always in UTC.
private enum CalendarPart: Int, CaseIterable {
    case year, month, day, hour, minute, second, dayOfWeek

    var function: String { self == .dayOfWeek ? "day_of_week" : "\(self)" }

    /// The part of a time in microseconds since 1970.
    ///
    /// A day of the week counts from 1 for Monday. The calendar is the proleptic Gregorian one.
    func value(of microseconds: Int64) -> Int64 {
        let seconds = floorDivide(microseconds, 1_000_000)
        let days = floorDivide(seconds, 86400)
        let secondOfDay = seconds - days * 86400
        switch self {
        case .hour: return secondOfDay / 3600
        case .minute: return secondOfDay / 60 % 60
        case .second: return secondOfDay % 60
        case .dayOfWeek: return days + 3 - floorDivide(days + 3, 7) * 7 + 1
        case .year, .month, .day: break
        }
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        switch self {
        case .day: return dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        case .month: return month
        default: return yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        }
    }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value / divisor - (value % divisor < 0 ? 1 : 0)
}

extension SQLiteDatabase {
    /// Adds `year(t)`, `month(t)`, `day(t)`, `hour(t)`, `minute(t)`, `second(t)` and
    /// `day_of_week(t)`; what is no whole number gives null.
    func addCalendarFunctions() throws(SQLiteError) {
        for part in CalendarPart.allCases {
            let result = unsafe sqlite3_create_function_v2(
                self.connection,
                part.function,
                1,
                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                // The number of the part stands in for a pointer; it is never followed.
                UnsafeMutableRawPointer(bitPattern: part.rawValue + 1),
                { unsafe answer($0, $2) },
                nil,
                nil,
                nil
            )
            guard result == SQLITE_OK else { throw self.error(result, sql: part.function) }
        }
    }
}

/// Answers one call of a function of the calendar.
private func answer(
    _ context: OpaquePointer?,
    _ arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    let number = unsafe Int(bitPattern: sqlite3_user_data(context)) - 1
    guard let part = CalendarPart(rawValue: number), let time = unsafe arguments?.pointee,
        unsafe sqlite3_value_type(time) == SQLITE_INTEGER
    else { return unsafe sqlite3_result_null(context) }
    unsafe sqlite3_result_int64(context, part.value(of: sqlite3_value_int64(time)))
}
