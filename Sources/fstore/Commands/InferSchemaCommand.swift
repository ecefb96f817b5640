import ArgumentParser
import FeatureDefinitions
import FeatureModel
import FeatureStoreKit

struct InferSchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer-schema",
        abstract: "Propose the schema of feature views from the rows of their sources.",
        discussion: """
            The types come from what a database declares and from the first \
            \(SchemaProposal.maximumSampledRows) rows. Join keys and times are left out. Without \
            --write the YAML lines are printed, ready to paste.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The views; without one, all that have no schema.")
    var views: [String] = []

    @Flag(help: "Write each schema into the file that defines the view.")
    var write = false

    func run() throws {
        var files = try self.global.repository()
        let store = FeatureStore(files)
        let proposals = try reportingFailure { () throws(FeatureStoreError) in
            try store.proposedSchemas(files, views: self.views)
        }
        if self.write {
            try self.refuseWhatHasASchema(files)
            for proposal in proposals where !proposal.features.isEmpty {
                files = try reportingFailure { () throws(DiagnosticsError) in
                    try files.inserting(proposal)
                }
            }
        }
        if self.global.json {
            print(try jsonText(proposals.map { Report($0, file: self.file(of: $0, in: files)) }))
        } else if proposals.isEmpty {
            print("Every feature view has a schema.")
        } else {
            print(proposals.map { self.text(of: $0, in: files) }.joined(separator: "\n\n"))
        }
    }

    private func refuseWhatHasASchema(_ files: LoadedRepository) throws {
        guard let view = self.views.first(where: { !files.viewsWithoutSchema.contains($0) }) else {
            return
        }
        let place = files.locations.location(of: .featureView, view, part: "schema")
        let beginning = place.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        printError(
            "\(beginning)error: feature view \"\(view)\" has a schema, and nothing was written; "
                + "remove its schema first, or leave out --write to see a proposal"
        )
        throw ExitCode.failure
    }

    private func file(of proposal: SchemaProposal, in files: LoadedRepository) -> String? {
        files.locations.location(of: .featureView, proposal.view)?.file
    }

    private func text(of proposal: SchemaProposal, in files: LoadedRepository) -> String {
        let place = files.locations.location(of: .featureView, proposal.view)
        let rows = "\(counted(proposal.sampledRows, "row")) sampled"
        let file = place.map { "\($0.file):\($0.line): " } ?? ""
        guard !proposal.features.isEmpty else {
            return "# \(file)\(proposal.view): no column of its source could be a feature"
        }
        let lines = proposal.yaml(indentation: (place?.column ?? 5) - 1)
        let verb = self.write ? "wrote the schema of" : "a schema for"
        return (["# \(file)\(verb) \(proposal.view), \(rows)"] + lines).joined(separator: "\n")
    }

    private struct Report: Encodable {
        let view: String
        let file: String?
        let sampledRows: Int
        let features: [SchemaProposal.Feature]
        let leftOut: [String]

        init(_ proposal: SchemaProposal, file: String?) {
            self.view = proposal.view
            self.file = file
            self.sampledRows = proposal.sampledRows
            self.features = proposal.features
            self.leftOut = proposal.leftOut
        }

        private enum CodingKeys: String, CodingKey {
            case view
            case file
            case sampledRows = "sampled_rows"
            case features
            case leftOut = "left_out"
        }
    }
}
