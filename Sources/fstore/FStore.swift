import ArgumentParser
import FeatureModel
import Glibc

/// The program: one subcommand for each thing to do.
@main
struct FStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fstore",
        abstract: "A feature store: training sets without leaks, online features in microseconds.",
        discussion: """
            A feature repository is a folder with feature_store.yaml and YAML files that define \
            entities, data sources, feature views, on-demand feature views and feature services. \
            Exit codes: 0 done; 1 the operation failed; 2 `plan --detailed-exitcode` found \
            changes; 64 wrong usage.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Definitions",
                subcommands: [
                    InitCommand.self, InferSchemaCommand.self, PlanCommand.self,
                    ApplyCommand.self, TeardownCommand.self,
                ]
            ),
            CommandGroup(
                name: "Features",
                subcommands: [
                    GetHistoricalFeaturesCommand.self, MaterializeCommand.self,
                    MaterializeIncrementalCommand.self, GetOnlineFeaturesCommand.self,
                    PushCommand.self, RejectsCommand.self, SavedDatasetsCommand.self,
                    ServeCommand.self,
                ]
            ),
            CommandGroup(
                name: "What goes",
                subcommands: [ForgetCommand.self, GCCommand.self]
            ),
            CommandGroup(
                name: "What there is",
                subcommands: [
                    StatusCommand.self, VerifyCommand.self, DoctorCommand.self,
                    EntitiesCommand.self,
                    DataSourcesCommand.self,
                    FeatureViewsCommand.self, OnDemandFeatureViewsCommand.self,
                    FeatureServicesCommand.self, ProjectsCommand.self,
                    RegistryDumpCommand.self, ConfigurationCommand.self,
                    EndpointCommand.self, TokenCommand.self, VersionCommand.self,
                ]
            ),
            CommandGroup(
                name: "Backup",
                subcommands: [SnapshotCommand.self, RestoreCommand.self]
            ),
            CommandGroup(
                name: "Together with Feast",
                subcommands: [ExportFeastCommand.self, ImportFeastCommand.self]
            ),
        ]
    )

    /// The release.
    static let version = "0.1.0"

    static func main() async {
        // A reader that goes away, such as `head`, ends the output and not the program.
        signal(SIGPIPE, SIG_IGN)
        let arguments = globalOptionsLast(Array(CommandLine.arguments.dropFirst()))
        refuseUnknownCommand(arguments)
        await self.main(arguments)
    }
}

/// Ends the program when the first argument is no command, and names the nearest one.
private func refuseUnknownCommand(_ arguments: [String]) {
    guard let first = arguments.first, !first.hasPrefix("-") else { return }
    var commands: [any ParsableCommand.Type] = []
    for group in FStore.configuration.groupedSubcommands {
        commands += group.subcommands
    }
    refuse(first, unlessAmong: commands, of: "fstore")
    guard arguments.count > 1, !arguments[1].hasPrefix("-"),
        let command = commands.first(where: { $0.configuration.commandName == first }),
        !command.configuration.subcommands.isEmpty
    else { return }
    refuse(arguments[1], unlessAmong: command.configuration.subcommands, of: "fstore \(first)")
}

private func refuse(
    _ name: String,
    unlessAmong commands: [any ParsableCommand.Type],
    of parent: String
) {
    var names: [String] = []
    for command in commands {
        names.append(command.configuration.commandName ?? "")
    }
    guard !names.contains(name), name != "help" else { return }
    let title = parent == "fstore" ? "command \"\(name)\"" : "\"\(parent) \(name)\""
    FStore.exit(
        withError: ValidationError(
            "there is no \(title); " + suggestion(for: name, among: names, noun: "command")
        )
    )
}

/// The arguments with the global options that stand before the command put after it.
///
/// `fstore -c repo plan` means `fstore plan -c repo`, as in Feast, where every command has them.
private func globalOptionsLast(_ arguments: [String]) -> [String] {
    var moved: [String] = []
    var rest = arguments[...]
    while let first = rest.first {
        if ["-c", "--chdir", "--log-level", "--lock-timeout"].contains(first), rest.count >= 2 {
            moved += rest.prefix(2)
            rest = rest.dropFirst(2)
        } else if first == "--json" || first.hasPrefix("--chdir=")
            || first.hasPrefix("--log-level=") || first.hasPrefix("--lock-timeout=")
        {
            moved.append(first)
            rest = rest.dropFirst()
        } else {
            break
        }
    }
    // After `--` everything is an argument of the command.
    let end = rest.firstIndex(of: "--") ?? rest.endIndex
    return Array(rest[..<end]) + moved + Array(rest[end...])
}
