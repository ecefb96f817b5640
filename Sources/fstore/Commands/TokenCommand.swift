import ArgumentParser
import FeatureModel
import FeatureStoreKit

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list, rotate and revoke the tokens that the feature server accepts.",
        discussion: """
            Tokens are in force as soon as there is a file of them, by default tokens.json beside \
            the registry; a running server takes changes up within a second. The file holds hashes \
            alone: a token is printed once, when it is made.
            """,
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self]
    )

    /// Which file is meant.
    struct FileOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The file of the tokens; tokens.json beside the registry by default.",
                valueName: "file"
            )
        )
        var tokens: String?

        func file(of store: FeatureStore) -> TokenFile {
            TokenFile(path: self.tokens ?? store.tokenFilePath)
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a token, and print it: it cannot be shown again."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var file: FileOptions

        @Argument(help: "What to call it.")
        var name: String

        @Option(
            name: .customLong("scope"),
            help: "read, push or admin, which is both and loads; may be repeated.",
            transform: parseScope
        )
        var scopes: [AccessScope]

        @Option(help: "The project that it is for; any by default.")
        var project: String?

        @Option(
            name: .customLong("view"),
            help: ArgumentHelp(
                "The feature views that it is for, with * for anything; may be repeated. All by "
                    + "default.",
                valueName: "pattern"
            )
        )
        var views: [String] = []

        @Option(
            help: ArgumentHelp(
                "When it ends: a time, or a duration from now such as 90d. Never by default.",
                valueName: "time"
            )
        )
        var expires: String?

        func run() throws {
            let store = try self.global.store()
            let now = Timestamp.now()
            let end = try self.expires.map { try time($0, from: now) }
            let file = self.file.file(of: store)
            let token = try reportingFailure { () throws(FeatureStoreError) in
                try store.createToken(
                    self.name,
                    in: file,
                    scopes: self.scopes,
                    project: self.project,
                    views: self.views,
                    expires: end
                )
            }
            try show(token, self.name, in: file, asJSON: self.global.json)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the tokens, without the tokens themselves."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var file: FileOptions

        func run() throws {
            let file = self.file.file(of: try self.global.store())
            let tokens = try reportingFailure { () throws(FeatureStoreError) in try file.tokens() }
            if self.global.json {
                print(try jsonText(tokens.map(Row.init)))
                return
            }
            guard !tokens.isEmpty else {
                let state =
                    file.exists
                    ? "No tokens: the server refuses every request." : "No tokens are in force."
                print("\(state) Make one with: fstore token create NAME --scope read")
                return
            }
            let rows = tokens.map { token in
                [
                    token.name, token.scopes.map(\.rawValue).joined(separator: ","),
                    token.project ?? "any",
                    token.views.isEmpty ? "all" : token.views.joined(separator: ","),
                    token.created.description, token.expires?.description ?? "never",
                ]
            }
            print(aligned([["NAME", "SCOPES", "PROJECT", "VIEWS", "CREATED", "EXPIRES"]] + rows))
        }

        /// What `--json` says of a token.
        private struct Row: Encodable {
            let name: String
            let scopes: [AccessScope]
            let project: String?
            let views: [String]
            let created: Timestamp
            let expires: Timestamp?

            init(_ token: AccessToken) {
                self.name = token.name
                self.scopes = token.scopes
                self.project = token.project
                self.views = token.views
                self.created = token.created
                self.expires = token.expires
            }
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Replace a token by another one of the same name and rights, and print it."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var file: FileOptions

        @Argument(help: "Which one.")
        var name: String

        @Option(
            help: ArgumentHelp(
                "How long the old one goes on working, such as 1h; by default it ends at once.",
                valueName: "duration"
            )
        )
        var grace = "0"

        func run() throws {
            guard let grace = DurationText.microseconds(self.grace) else {
                throw ValidationError("--grace \(self.grace) is no duration; write 30s, 15m or 1d")
            }
            let store = try self.global.store()
            let file = self.file.file(of: store)
            let token = try reportingFailure { () throws(FeatureStoreError) in
                try store.rotateToken(self.name, in: file, graceMicroseconds: grace)
            }
            try show(token, self.name, in: file, asJSON: self.global.json)
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "End a token."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var file: FileOptions

        @Argument(help: "Which one.")
        var name: String

        func run() throws {
            let store = try self.global.store()
            let file = self.file.file(of: store)
            try reportingFailure { () throws(FeatureStoreError) in
                try store.revokeToken(self.name, in: file)
            }
            if self.global.json {
                print(try jsonText(["revoked": self.name]))
            } else {
                print("Revoked the token \(self.name).")
            }
        }
    }
}

/// The scope of that name.
private func parseScope(_ name: String) throws -> AccessScope {
    if let scope = AccessScope(rawValue: name) { return scope }
    let names = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("\"\(name)\" is no scope; the scopes are \(names)")
}

/// Prints a new token where a script can take it, and for people what to do with it.
private func show(_ token: String, _ name: String, in file: TokenFile, asJSON: Bool) throws {
    if asJSON {
        print(try jsonText(["name": name, "token": token, "file": file.path]))
        return
    }
    print(token)
    printError(
        "This is the token \(name), and it is kept nowhere: \(file.path) has its hash alone. Send "
            + "it as the header  Authorization: Bearer TOKEN"
    )
}

/// A time, or the end of a duration from now.
private func time(_ text: String, from now: Timestamp) throws -> Timestamp {
    if let time = Timestamp(text) { return time }
    guard let duration = DurationText.microseconds(text), duration > 0 else {
        throw ValidationError(
            "--expires \(text) is no time and no duration; write 2027-01-31T00:00:00Z or 90d"
        )
    }
    let (end, overflow) = now.microseconds.addingReportingOverflow(duration)
    return overflow ? .latest : min(Timestamp(microseconds: end), .latest)
}
