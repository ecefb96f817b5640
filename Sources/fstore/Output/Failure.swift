import ArgumentParser
import FeatureModel
import FeatureStoreKit
import Foundation

/// Runs a step; an error is told on standard error and ends the program with 1.
func reportingFailure<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws -> Result {
    do {
        return try body()
    } catch {
        printError(text(of: error))
        throw ExitCode.failure
    }
}

/// The error's own words; a list of problems says itself that they are errors.
private func text(of error: any Error) -> String {
    switch error {
    case let error as DiagnosticsError:
        return summary(of: error)
    case let error as FeatureStoreError:
        if let cause = error.cause as? DiagnosticsError {
            return summary(of: cause)
        }
        return "error: \(error.message)"
    default:
        return "error: \(error)"
    }
}

private func summary(of error: DiagnosticsError) -> String {
    // A repository that is not there has no definitions to count problems of.
    guard error.diagnostics.contains(where: { $0.location != nil }) else {
        return error.description
    }
    let count = error.diagnostics.count { $0.severity == .error }
    return error.description + "\n" + (count == 1 ? "1 problem" : "\(count) problems")
        + "; nothing was changed"
}

/// Prints a line on standard error.
func printError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    unsafe bytes.withUnsafeBytes { buffer in
        _ = unsafe write(2, buffer.baseAddress, buffer.count)
    }
}

/// Why a file could not be read or written, in the system's words.
func reason(of error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
    guard let code = cause.map({ ($0 as NSError).code }),
        let text = unsafe strerror(CInt(truncatingIfNeeded: code))
    else { return error.localizedDescription }
    return unsafe String(cString: text)
}
